#include "model/layer.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "model/function_rules.h"

namespace ebb::model {
namespace {

constexpr std::size_t kMaxName = 64;   // FC's for functions.
constexpr std::size_t kMaxText = 256;  // Of description and license; FC's for descriptions.
constexpr std::size_t kMaxRuntimes = 100;

// Takes what comes before `separator` off `text`.
std::string_view Take(std::string_view& text, std::string_view separator) {
  const std::size_t at = text.find(separator);
  const std::string_view part = text.substr(0, at);
  text.remove_prefix(at == std::string_view::npos ? text.size() : at + separator.size());
  return part;
}

}  // namespace

std::string FormatLayerArn(std::string_view region, std::string_view account,
                           std::string_view layer, std::int64_t version) {
  return fmt::format("acs:fc:{}:{}:layers/{}/versions/{}", region, account, layer, version);
}

Result<LayerUse> ParseLayerName(std::string_view name, std::string_view own_account) {
  std::string_view rest = name;
  LayerUse use;
  bool sound = true;
  if (std::ranges::count(name, ':') == 1) {
    use.account = own_account;
    use.layer = Take(rest, ":");
  } else {
    sound = Take(rest, ":") == "acs" && Take(rest, ":") == "fc";
    Take(rest, ":");  // The region.
    use.account = Take(rest, ":");
    sound = sound && Take(rest, "/") == "layers";
    use.layer = Take(rest, "/");
    sound = sound && Take(rest, "/") == "versions";
  }
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), use.version);
  if (sound && !use.account.empty() && error == std::errc() && end == rest.data() + rest.size() &&
      use.version > 0 && ValidateLayerName(use.layer)) {
    return use;
  }
  return Fail(InvalidArgument(
      fmt::format("layer {} is not allowed: use an ARN such as "
                  "acs:fc:{{region}}:{{account}}:layers/{{name}}/versions/{{version}}, or "
                  "name:version",
                  Quoted(name))));
}

Result<void> ValidateLayerName(std::string_view name) {
  return ValidateName("layerName", name, kMaxName);
}

Result<void> Validate(const LayerVersion& version) {
  if (auto ok = ValidateLayerName(version.layer); !ok) return ok;
  if (auto ok = ValidateText("description", version.description, kMaxText); !ok) return ok;
  if (auto ok = ValidateText("license", version.license, kMaxText); !ok) return ok;
  if (version.compatible_runtimes.size() > kMaxRuntimes) {
    return Fail(InvalidArgument("compatibleRuntime names too many runtimes"));
  }
  for (const auto& runtime : version.compatible_runtimes) {
    if (auto ok = ValidateText("compatibleRuntime", runtime, kMaxText); !ok) return ok;
  }
  return {};
}

}  // namespace ebb::model
