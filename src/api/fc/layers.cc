#include "api/fc/layers.h"

#include <algorithm>
#include <charconv>

#include "api/fc/code.h"
#include "api/fc/function_json.h"
#include "base/time_format.h"

namespace ebb::api {
namespace {

// FC's `acl`: its documentation of `s layer list`.
const char* AclOf(const model::Layer& layer) {
  return layer.access == model::LayerAccess::kEveryone ? "1" : "0";
}

json::object Format(const Setup& setup, const model::Layer& layer,
                    const model::LayerVersion& version) {
  return {{"layerName", version.layer},
          {"version", version.version},
          {"layerVersionArn", model::FormatLayerArn(setup.config.region, version.account,
                                                    version.layer, version.version)},
          {"description", version.description},
          {"license", version.license},
          {"compatibleRuntime", Texts(version.compatible_runtimes)},
          {"codeSize", version.package_bytes},
          {"codeChecksum", std::to_string(version.package_crc64)},
          {"createTime", base::FormatIso(version.created)},
          {"acl", AclOf(layer)}};
}

Result<std::int64_t> ParseVersion(const std::string& text) {
  std::int64_t version = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), version);
  if (error == std::errc() && end == text.data() + text.size() && version > 0) return version;
  return Refuse("version must be a number from 1 on");
}

bool MayUse(const model::Layer& layer, const std::string& account) {
  return layer.account == account || layer.access == model::LayerAccess::kEveryone;
}

struct Usable {
  catalog::LayerPtr layer;
  model::LayerVersion version;
};

// What `use` names, if `account` may use it.
Result<Usable> FindUsable(const Setup& setup, const std::string& account,
                          const model::LayerUse& use) {
  const auto snapshot = setup.services.catalog.snapshot();
  auto version = snapshot->FindLayerVersion(use.account, use.layer, use.version);
  if (!version) return Fail(version.error());
  auto layer = snapshot->FindLayer(use.account, use.layer);
  if (!layer) return Fail(layer.error());
  if (!MayUse(**layer, account)) return Fail(catalog::LayerVersionNotFound(use.layer, use.version));
  return Usable{*std::move(layer), *std::move(version)};
}

// The one version that was asked for, with where its package can be fetched.
Answer Show(const Setup& setup, const Ask& ask, const model::LayerUse& use) {
  const auto found = FindUsable(setup, ask.account, use);
  if (!found) return Fail(found.error());
  const model::LayerVersion& version = found->version;
  json::object out = Format(setup, *found->layer, version);
  out["code"] = json::object{{"repositoryType", "OSS"},
                             {"location", CodeUrl(setup, ask, version.package_hash)}};
  return JsonAnswer(out);
}

Result<model::LayerVersion> ParseInput(const Ask& ask, const json::object& input) {
  for (const auto& [name, value] : input) {
    const std::string_view member = name;
    if (member == "code" || member == "description" || member == "license" ||
        member == "compatibleRuntime" || value.is_null()) {
      continue;
    }
    return Refuse(std::string(member) + " is not supported");
  }
  model::LayerVersion version;
  version.account = ask.account;
  version.layer = ask.names[0];
  auto description = json::String(input, "description");
  if (!description) return Refuse(description.error().message());
  auto license = json::String(input, "license");
  if (!license) return Refuse(license.error().message());
  auto runtimes = TakeTexts(input, "compatibleRuntime");
  if (!runtimes) return Fail(runtimes.error());
  version.description = description->value_or("");
  version.license = license->value_or("");
  version.compatible_runtimes = *std::move(runtimes);
  if (auto ok = model::Validate(version); !ok) return Fail(ok.error());
  return version;
}

bool Same(const model::LayerUse& a, const model::LayerUse& b) {
  return a.account == b.account && a.layer == b.layer && a.version == b.version;
}

}  // namespace

Task<Answer> CreateLayerVersion(const Setup& setup, Ask ask) {
  auto input = co_await ParseLargeBody(setup, ask);
  if (!input) co_return Fail(input.error());
  json::value code = std::move((*input)["code"]);
  input->erase("code");
  auto version = ParseInput(ask, *input);
  if (!version) co_return Fail(version.error());
  auto package = co_await TakeCode(setup, ask.account, std::move(code));
  if (!package) co_return Fail(package.error());
  if (!*package) co_return Refuse("code is needed: zipFile, or ossBucketName and ossObjectName");
  version->package_hash = (*package)->hash;
  version->package_crc64 = (*package)->crc64;
  version->package_bytes = (*package)->bytes;
  auto made = co_await setup.services.catalog.PublishLayer(*std::move(version));
  if (!made) co_return Fail(AsInvalidArgument(made.error()));
  co_return Show(setup, ask, {made->account, made->layer, made->version, "", 0});
}

Task<Answer> GetLayerVersion(const Setup& setup, Ask ask) {
  const auto version = ParseVersion(ask.names[1]);
  if (!version) co_return Fail(version.error());
  co_return Show(setup, ask, {ask.account, ask.names[0], *version, "", 0});
}

Task<Answer> GetLayerVersionByArn(const Setup& setup, Ask ask) {
  const auto use = model::ParseLayerName(ask.names[0], ask.account);
  if (!use) co_return Fail(use.error());
  co_return Show(setup, ask, *use);
}

Task<Answer> DeleteLayerVersion(const Setup& setup, Ask ask) {
  const auto version = ParseVersion(ask.names[1]);
  if (!version) co_return Fail(version.error());
  auto deleted =
      co_await setup.services.catalog.DeleteLayerVersion(ask.account, ask.names[0], *version);
  if (!deleted) co_return Fail(deleted.error());
  co_return EmptyAnswer();
}

// The newest version of each layer.
Task<Answer> ListLayers(const Setup& setup, Ask ask) {
  auto limit = QueryLimit(ask);
  if (!limit) co_return Fail(limit.error());
  auto after = ParseToken(ask);
  if (!after) co_return Fail(after.error());
  const std::string prefix = QueryText(ask, "prefix").value_or("");
  const bool only_shared = QueryText(ask, "public") == "true";
  json::object out;
  json::array page;
  // There are no official ones: those are the cloud's.
  const bool official = QueryText(ask, "official") == "true";
  const auto snapshot = setup.services.catalog.snapshot();
  const auto& all = snapshot->layers;
  std::string last;
  for (auto at = all.upper_bound({ask.account, after->value_or("")});
       !official && at != all.end() && at->first.first == ask.account; ++at) {
    const model::Layer& layer = *at->second;
    if (!layer.name.starts_with(prefix)) continue;
    if (only_shared && layer.access != model::LayerAccess::kEveryone) continue;
    if (page.size() == static_cast<std::size_t>(*limit)) {
      out["nextToken"] = FormatToken(last);
      break;
    }
    last = layer.name;
    page.push_back(Format(setup, layer, layer.versions.rbegin()->second));
  }
  out["layers"] = std::move(page);
  co_return JsonAnswer(out);
}

Task<Answer> ListLayerVersions(const Setup& setup, Ask ask) {
  auto limit = QueryLimit(ask);
  if (!limit) co_return Fail(limit.error());
  auto start = ParseVersion(QueryText(ask, "startVersion").value_or("1"));
  if (!start) co_return Fail(start.error());
  const auto layer = setup.services.catalog.snapshot()->FindLayer(ask.account, ask.names[0]);
  if (!layer) co_return Fail(layer.error());
  json::object out;
  json::array page;
  for (auto at = (*layer)->versions.lower_bound(*start); at != (*layer)->versions.end(); ++at) {
    if (page.size() == static_cast<std::size_t>(*limit)) {
      out["nextVersion"] = at->first;
      break;
    }
    page.push_back(Format(setup, **layer, at->second));
  }
  out["layers"] = std::move(page);
  co_return JsonAnswer(out);
}

Task<Answer> PutLayerAcl(const Setup& setup, Ask ask) {
  const std::string acl = QueryText(ask, "acl").value_or("");
  const std::string open = QueryText(ask, "public").value_or("");
  const bool everyone = acl == "1" || open == "true";
  if (!everyone && acl != "0" && open != "false") {
    co_return Refuse("public must be true or false, or acl 1 or 0");
  }
  auto done = co_await setup.services.catalog.ShareLayer(
      ask.account, ask.names[0],
      everyone ? model::LayerAccess::kEveryone : model::LayerAccess::kOwner);
  if (!done) co_return Fail(done.error());
  co_return EmptyAnswer();
}

Result<std::optional<std::vector<model::LayerUse>>> TakeLayers(
    const Setup& setup, const std::string& account, const json::object& input,
    const std::vector<model::LayerUse>& had) {
  auto array = json::Array(input, "layers");
  if (!array) return Refuse(array.error().message());
  if (*array == nullptr) return std::nullopt;
  std::vector<model::LayerUse> layers;
  for (const json::value& one : **array) {
    if (!one.is_string()) return Refuse("layers must hold strings only");
    const std::string_view arn = one.get_string();
    auto use = model::ParseLayerName(arn, account);
    if (!use) return Fail(use.error());
    const auto old = std::ranges::find_if(had, [&](const auto& each) { return Same(each, *use); });
    if (old != had.end()) {
      layers.push_back(*old);
      continue;
    }
    const auto found = FindUsable(setup, account, *use);
    if (!found) return Refuse("layer '" + std::string(arn) + "' does not exist");
    use->package_hash = found->version.package_hash;
    use->package_bytes = found->version.package_bytes;
    layers.push_back(*std::move(use));
  }
  return layers;
}

}  // namespace ebb::api
