#include "images/manifest.h"

#include <algorithm>

#include "base/json.h"

namespace ebb::images {
namespace {

constexpr std::string_view kIndex = "application/vnd.oci.image.index.v1+json";
constexpr std::string_view kList = "application/vnd.docker.distribution.manifest.list.v2+json";
constexpr std::string_view kOldSigned = "application/vnd.docker.distribution.manifest.v1+prettyjws";
constexpr std::string_view kOld = "application/vnd.docker.distribution.manifest.v1+json";

// Layers that can be unpacked; the registry may also hold things that are no images at all.
constexpr std::string_view kLayerTypes[] = {"application/vnd.oci.image.layer.v1.tar",
                                            "application/vnd.oci.image.layer.v1.tar+gzip",
                                            "application/vnd.oci.image.layer.v1.tar+zstd",
                                            "application/vnd.docker.image.rootfs.diff.tar.gzip",
                                            "application/vnd.docker.image.rootfs.diff.tar",
                                            "application/vnd.docker.image.rootfs.diff.tar.zstd"};

std::unexpected<Error> Bad(const std::string& what) { return Fail(Error::Invalid(what)); }

Result<std::string> Text(const json::object& from, std::string_view name) {
  auto text = json::String(from, name);
  if (!text) return Fail(text.error());
  return text->value_or("");
}

Result<Descriptor> ParseDescriptor(const json::value& value) {
  if (!value.is_object()) return Bad("its manifest is damaged");
  const json::object& from = value.get_object();
  auto type = Text(from, "mediaType");
  auto digest = Text(from, "digest");
  auto size = json::Integer(from, "size");
  if (!type || !digest || !size || size->value_or(-1) < 0) return Bad("its manifest is damaged");
  if (!IsSha256Digest(*digest)) return Bad("its manifest names a part by \"" + *digest + "\"");
  return Descriptor{*std::move(type), *std::move(digest), **size};
}

Result<std::vector<std::string>> Texts(const json::object& from, std::string_view name) {
  auto array = json::Array(from, name);
  if (!array) return Fail(array.error());
  std::vector<std::string> out;
  if (*array == nullptr) return out;
  for (const json::value& one : **array) {
    if (!one.is_string()) return Bad("its configuration is damaged");
    out.emplace_back(one.get_string());
  }
  return out;
}

bool Is(const json::object& from, std::string_view name, std::string_view wanted) {
  const auto text = json::String(from, name);
  return text && *text == wanted;
}

// What the document says it is; OCI's may leave it out, and then the registry's header decides.
std::string TypeOf(const json::object& document, const Document& from) {
  const auto type = json::String(document, "mediaType");
  return type && *type ? **type : from.media_type;
}

}  // namespace

Result<std::optional<Descriptor>> ChoosePlatform(const Document& document) {
  const auto parsed = json::ParseObject(document.bytes);
  if (!parsed) return Bad("its manifest is not JSON");
  const std::string type = TypeOf(*parsed, document);
  const bool lists = type == kIndex || type == kList || parsed->contains("manifests");
  if (!lists) return std::nullopt;
  const auto manifests = json::Array(*parsed, "manifests");
  if (!manifests || *manifests == nullptr) return Bad("its list of manifests is damaged");
  std::string seen;
  for (const json::value& one : **manifests) {
    if (!one.is_object()) return Bad("its list of manifests is damaged");
    const auto platform = json::Object(one.get_object(), "platform");
    if (!platform || *platform == nullptr) continue;
    if (Is(**platform, "os", "linux") && Is(**platform, "architecture", "amd64")) {
      auto chosen = ParseDescriptor(one);
      if (!chosen) return Fail(chosen.error());
      return std::optional<Descriptor>(*std::move(chosen));
    }
    const std::string name =
        Text(**platform, "os").value_or("") + "/" + Text(**platform, "architecture").value_or("");
    seen += (seen.empty() ? "" : ", ") + name;
  }
  return Bad("it is not there for linux/amd64, only for " + (seen.empty() ? "nothing" : seen));
}

Result<Manifest> ParseManifest(const Document& document) {
  const auto parsed = json::ParseObject(document.bytes);
  if (!parsed) return Bad("its manifest is not JSON");
  const std::string type = TypeOf(*parsed, document);
  if (type == kOld || type == kOldSigned) {
    return Bad("its manifest is of Docker's first version: push it again with a newer client");
  }
  const json::value* config = parsed->if_contains("config");
  const auto layers = json::Array(*parsed, "layers");
  if (config == nullptr || !layers || *layers == nullptr) return Bad("it is not an image");
  Manifest out;
  auto described = ParseDescriptor(*config);
  if (!described) return Fail(described.error());
  out.config = *std::move(described);
  for (const json::value& one : **layers) {
    auto layer = ParseDescriptor(one);
    if (!layer) return Fail(layer.error());
    if (std::ranges::find(kLayerTypes, layer->media_type) == std::end(kLayerTypes)) {
      return Bad("a layer of it is of a type that cannot be unpacked: " + layer->media_type);
    }
    out.layers.push_back(*std::move(layer));
  }
  return out;
}

Result<ImageConfig> ParseImageConfig(const std::string& text) {
  const auto parsed = json::ParseObject(text);
  if (!parsed) return Bad("its configuration is not JSON");
  if (!Is(*parsed, "os", "linux") || !Is(*parsed, "architecture", "amd64")) {
    return Bad("it is not for linux/amd64 but for " + Text(*parsed, "os").value_or("") + "/" +
               Text(*parsed, "architecture").value_or(""));
  }
  ImageConfig out;
  const auto config = json::Object(*parsed, "config");
  if (!config) return Bad("its configuration is damaged");
  if (*config == nullptr) return out;
  auto environment = Texts(**config, "Env");
  auto entrypoint = Texts(**config, "Entrypoint");
  auto command = Texts(**config, "Cmd");
  auto work_in = Text(**config, "WorkingDir");
  auto user = Text(**config, "User");
  if (!environment || !entrypoint || !command || !work_in || !user) {
    return Bad("its configuration is damaged");
  }
  out.environment = *std::move(environment);
  out.entrypoint = *std::move(entrypoint);
  out.command = *std::move(command);
  out.work_in = *std::move(work_in);
  out.user = *std::move(user);
  return out;
}

}  // namespace ebb::images
