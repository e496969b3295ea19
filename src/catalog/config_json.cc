// The JSON columns: a function's configuration and a trigger's source.
#include <algorithm>
#include <boost/json.hpp>

#include "base/json.h"
#include "catalog/members.h"
#include "catalog/rows.h"

namespace ebb::catalog {
namespace {

json::array FormatLayers(const std::vector<model::LayerUse>& layers) {
  json::array out;
  for (const auto& layer : layers) {
    out.push_back(json::object{{"account", layer.account},
                               {"layer", layer.layer},
                               {"version", layer.version},
                               {"packageHash", layer.package_hash},
                               {"packageBytes", layer.package_bytes}});
  }
  return out;
}

Result<std::vector<model::LayerUse>> ParseLayers(const json::object& from) {
  std::vector<model::LayerUse> layers;
  const auto array = json::Array(from, "layers");
  if (!array) return Fail(Damaged(array.error().message()));
  if (*array == nullptr) return layers;
  for (const json::value& one : **array) {
    model::LayerUse layer;
    if (!one.is_object()) return Fail(Damaged("layers must hold objects"));
    Members members(one.get_object());
    members.Read("account", layer.account);
    members.Read("layer", layer.layer);
    members.Read("version", layer.version);
    members.Read("packageHash", layer.package_hash);
    members.Read("packageBytes", layer.package_bytes);
    if (auto ended = members.End(); !ended) return Fail(ended.error());
    layers.push_back(std::move(layer));
  }
  return layers;
}

json::array ArrayOf(const std::vector<std::string>& strings) {
  return json::array(strings.begin(), strings.end());
}

json::value FormatContainer(const model::CustomContainer& container) {
  if (container == model::CustomContainer()) return nullptr;
  json::object environment;
  for (const auto& [key, value] : container.environment) environment[key] = value;
  return json::object{{"image", container.image},
                      {"entrypoint", ArrayOf(container.entrypoint)},
                      {"command", ArrayOf(container.command)},
                      {"resolved", container.resolved},
                      {"digest", container.digest},
                      {"run", ArrayOf(container.run)},
                      {"environment", std::move(environment)},
                      {"workIn", container.work_in},
                      {"user", container.user},
                      {"group", container.group}};
}

void ReadNumber(Members& members, std::string_view name, std::uint32_t& into) {
  std::int64_t number = into;
  members.Read(name, number);
  into = static_cast<std::uint32_t>(number);
}

void ReadContainer(Members& members, model::CustomContainer& into) {
  members.ReadObject("container", [&](Members& container) {
    container.Read("image", into.image);
    container.Read("entrypoint", into.entrypoint);
    container.Read("command", into.command);
    container.Read("resolved", into.resolved);
    container.Read("digest", into.digest);
    container.Read("run", into.run);
    container.Read("environment", into.environment);
    container.Read("workIn", into.work_in);
    ReadNumber(container, "user", into.user);
    ReadNumber(container, "group", into.group);
  });
}

json::object ToJson(const model::LifecycleHook& hook) {
  return {{"handler", hook.handler},
          {"command", ArrayOf(hook.command)},
          {"timeoutSeconds", hook.timeout.count()}};
}

json::object ToJson(const model::HealthCheck& check) {
  return {{"path", check.path},
          {"initialDelaySeconds", check.initial_delay.count()},
          {"periodSeconds", check.period.count()},
          {"timeoutSeconds", check.timeout.count()},
          {"failureThreshold", check.failure_threshold},
          {"successThreshold", check.success_threshold}};
}

// Options as in resolv.conf(5): "ndots:2", "rotate".
json::object ToJson(const model::CustomDns& dns) {
  json::array options;
  for (const auto& [name, value] : dns.options) {
    std::string text = name;
    if (!value.empty()) text.append(":").append(value);
    options.emplace_back(std::move(text));
  }
  return {{"nameServers", ArrayOf(dns.name_servers)},
          {"searches", ArrayOf(dns.searches)},
          {"options", std::move(options)}};
}

void ReadDns(Members& members, model::CustomDns& into) {
  members.ReadObject("dns", [&](Members& dns) {
    std::vector<std::string> options;
    dns.Read("nameServers", into.name_servers);
    dns.Read("searches", into.searches);
    dns.Read("options", options);
    for (const std::string& option : options) {
      const std::size_t colon = std::min(option.find(':'), option.size());
      into.options.push_back(
          {option.substr(0, colon), option.substr(std::min(colon + 1, option.size()))});
    }
  });
}

void ReadSeconds(Members& members, std::string_view name, std::chrono::seconds& into) {
  std::int64_t seconds = into.count();
  members.Read(name, seconds);
  into = std::chrono::seconds(seconds);
}

void ReadCount(Members& members, std::string_view name, int& into) {
  std::int64_t count = into;
  members.Read(name, count);
  into = static_cast<int>(count);
}

// What was stored before there were hooks has none.
void ReadHook(Members& members, std::string_view name, model::LifecycleHook& into) {
  members.ReadObject(name, [&](Members& hook) {
    hook.Read("handler", into.handler);
    hook.Read("command", into.command);
    ReadSeconds(hook, "timeoutSeconds", into.timeout);
  });
}

void ReadHealth(Members& members, model::HealthCheck& into) {
  members.ReadObject("health", [&](Members& check) {
    check.Read("path", into.path);
    ReadSeconds(check, "initialDelaySeconds", into.initial_delay);
    ReadSeconds(check, "periodSeconds", into.period);
    ReadSeconds(check, "timeoutSeconds", into.timeout);
    ReadCount(check, "failureThreshold", into.failure_threshold);
    ReadCount(check, "successThreshold", into.success_threshold);
  });
}

json::object ToJson(const model::HttpTrigger& http) {
  return {{"type", "http"},
          {"anonymous", http.auth == model::HttpAuth::kAnonymous},
          {"methods", ArrayOf(http.methods)}};
}

json::object ToJson(const model::OssTrigger& oss) {
  return {{"type", "oss"},
          {"bucket", oss.bucket},
          {"events", ArrayOf(oss.events)},
          {"prefix", oss.prefix},
          {"suffix", oss.suffix}};
}

json::object ToJson(const model::TimerTrigger& timer) {
  return {{"type", "timer"},
          {"cron", timer.cron},
          {"enabled", timer.enabled},
          {"payload", timer.payload}};
}

}  // namespace

Error Damaged(const std::string& how) {
  return Error::Internal("a stored row of the catalog is damaged").WithDetail(how);
}

Result<json::object> ParseStored(const std::string& text) {
  auto parsed = json::ParseObject(text);
  if (parsed) return parsed;
  return Fail(Damaged(parsed.error().message()));
}

std::string FormatConfig(const model::FunctionConfig& config) {
  json::object environment;
  for (const auto& [key, value] : config.environment) environment[key] = value;
  return json::serialize(json::object{
      {"description", config.description},
      {"runtime", config.runtime},
      {"handler", config.handler},
      {"timeoutSeconds", config.timeout.count()},
      {"cpuMilli", config.cpu.count()},
      {"memoryMib", config.memory.count()},
      {"diskMib", config.disk.count()},
      {"instanceConcurrency", config.instance_concurrency},
      {"environment", std::move(environment)},
      {"role", config.role},
      {"customCommand", ArrayOf(config.custom.command)},
      {"customArgs", ArrayOf(config.custom.args)},
      {"customPort", config.custom.port},
      {"health", ToJson(config.custom.health)},
      {"initializer", ToJson(config.initializer)},
      {"preStop", ToJson(config.pre_stop)},
      {"internetAccess", config.internet_access},
      {"dns", ToJson(config.dns)},
      {"layers", FormatLayers(config.layers)},
      {"container", FormatContainer(config.container)},
      {"packageHash", config.package_hash},
      // As text: not every reader of JSON keeps 64 bits.
      {"packageCrc64", std::to_string(config.package_crc64)},
      {"packageBytes", config.package_bytes},
  });
}

Result<model::FunctionConfig> ParseConfig(const std::string& name, const std::string& text) {
  const auto object = ParseStored(text);
  if (!object) return Fail(object.error());
  model::FunctionConfig config;
  config.name = name;
  std::int64_t timeout = config.timeout.count();
  std::int64_t cpu = config.cpu.count();
  std::int64_t memory = config.memory.count();
  std::int64_t disk = config.disk.count();
  std::int64_t concurrency = config.instance_concurrency;
  std::int64_t port = config.custom.port;
  std::string crc64 = "0";
  Members members(*object);
  members.Read("description", config.description);
  members.Read("runtime", config.runtime);
  members.Read("handler", config.handler);
  members.Read("timeoutSeconds", timeout);
  members.Read("cpuMilli", cpu);
  members.Read("memoryMib", memory);
  members.Read("diskMib", disk);
  members.Read("instanceConcurrency", concurrency);
  members.Read("environment", config.environment);
  members.Read("role", config.role);
  members.Read("customCommand", config.custom.command);
  members.Read("customArgs", config.custom.args);
  members.Read("customPort", port);
  members.Read("internetAccess", config.internet_access);
  members.Read("packageHash", config.package_hash);
  members.Read("packageCrc64", crc64);
  members.Read("packageBytes", config.package_bytes);
  ReadHealth(members, config.custom.health);
  ReadHook(members, "initializer", config.initializer);
  ReadHook(members, "preStop", config.pre_stop);
  ReadContainer(members, config.container);
  ReadDns(members, config.dns);
  if (auto ended = members.End(); !ended) return Fail(ended.error());
  auto layers = ParseLayers(*object);
  if (!layers) return Fail(layers.error());
  config.layers = *std::move(layers);
  config.timeout = std::chrono::seconds(timeout);
  config.cpu = MilliCpu(cpu);
  config.memory = Mebibytes(memory);
  config.disk = Mebibytes(disk);
  config.instance_concurrency = static_cast<int>(concurrency);
  config.custom.port = static_cast<std::uint16_t>(port);
  config.package_crc64 = std::strtoull(crc64.c_str(), nullptr, 10);
  return config;
}

std::string FormatSource(const model::TriggerSource& source) {
  return json::serialize(std::visit([](const auto& trigger) { return ToJson(trigger); }, source));
}

Result<model::TriggerSource> ParseSource(const std::string& text) {
  const auto object = ParseStored(text);
  if (!object) return Fail(object.error());
  model::HttpTrigger http;
  model::OssTrigger oss;
  model::TimerTrigger timer;
  std::string type;
  bool anonymous = false;
  Members members(*object);
  members.Read("type", type);
  members.Read("anonymous", anonymous);
  members.Read("methods", http.methods);
  members.Read("bucket", oss.bucket);
  members.Read("events", oss.events);
  members.Read("prefix", oss.prefix);
  members.Read("suffix", oss.suffix);
  members.Read("cron", timer.cron);
  members.Read("enabled", timer.enabled);
  members.Read("payload", timer.payload);
  if (auto ended = members.End(); !ended) return Fail(ended.error());
  http.auth = anonymous ? model::HttpAuth::kAnonymous : model::HttpAuth::kFunction;
  if (type == "http") return http;
  if (type == "oss") return oss;
  if (type == "timer") return timer;
  return Fail(Error::Internal("a stored row of the catalog is damaged")
                  .WithDetail("trigger type \"" + type + "\""));
}

}  // namespace ebb::catalog
