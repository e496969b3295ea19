#include "api/fc/function_json.h"

#include "api/fc/container.h"
#include "api/fc/dns_input.h"
#include "api/fc/lifecycle_input.h"
#include "base/time_format.h"

namespace ebb::api {
namespace {

json::object Environment(const model::FunctionConfig& config) {
  json::object variables;
  for (const auto& [name, value] : config.environment) variables[name] = value;
  return variables;
}

bool IsCustom(const model::FunctionConfig& config) {
  return model::RuntimeKindOf(config.runtime) == model::RuntimeKind::kCustom;
}

bool IsContainer(const model::FunctionConfig& config) {
  return model::RuntimeKindOf(config.runtime) == model::RuntimeKind::kContainer;
}

}  // namespace

json::array Texts(const std::vector<std::string>& texts) {
  return json::array(texts.begin(), texts.end());
}

std::string FunctionArn(const std::string& region, const std::string& account,
                        const std::string& name) {
  return "acs:fc:" + region + ":" + account + ":functions/" + name;
}

json::object FormatFunction(const model::Function& function, const std::string& region) {
  const model::FunctionConfig& config = function.config;
  json::object out{
      {"functionName", config.name},
      {"functionArn", FunctionArn(region, function.account, config.name)},
      {"functionId", function.id},
      {"description", config.description},
      {"runtime", config.runtime},
      {"handler", config.handler},
      {"timeout", config.timeout.count()},
      {"cpu", static_cast<double>(config.cpu.count()) / 1000},
      {"memorySize", config.memory.count()},
      {"diskSize", config.disk.count()},
      {"instanceConcurrency", config.instance_concurrency},
      {"instanceIsolationMode", "SHARE"},
      {"sessionAffinity", "NONE"},
      {"environmentVariables", Environment(config)},
      {"internetAccess", config.internet_access},
      {"role", config.role},
      {"codeSize", config.package_bytes},
      {"codeChecksum", std::to_string(config.package_crc64)},
      {"createdTime", base::FormatIso(function.created)},
      {"lastModifiedTime", base::FormatIso(function.modified)},
      // A change is in force when its call returns, so there is nothing between these.
      {"state", "Active"},
      {"lastUpdateStatus", "Successful"},
  };
  json::array layers;
  for (const model::LayerUse& layer : config.layers) {
    layers.push_back(json::object{
        {"arn", model::FormatLayerArn(region, layer.account, layer.layer, layer.version)},
        {"size", layer.package_bytes}});
  }
  out["layers"] = std::move(layers);
  if (IsCustom(config)) {
    json::object custom{{"command", Texts(config.custom.command)},
                        {"args", Texts(config.custom.args)},
                        {"port", config.custom.port}};
    json::object health = FormatHealthCheck(config.custom.health);
    if (!health.empty()) custom["healthCheckConfig"] = std::move(health);
    out["customRuntimeConfig"] = std::move(custom);
  }
  if (IsContainer(config)) out["customContainerConfig"] = FormatContainer(config);
  json::object dns = FormatDns(config.dns);
  if (!dns.empty()) out["customDNS"] = std::move(dns);
  json::object hooks = FormatLifecycle(config);
  if (!hooks.empty()) out["instanceLifecycleConfig"] = std::move(hooks);
  return out;
}

}  // namespace ebb::api
