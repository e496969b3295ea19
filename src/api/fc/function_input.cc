// What clients send to create or update a function.
#include <cmath>
#include <string_view>

#include "api/fc/dns_input.h"
#include "api/fc/function_json.h"
#include "api/fc/lifecycle_input.h"
#include "api/operation.h"

namespace ebb::api {

bool SaysNothing(const json::value& value) {
  switch (value.kind()) {
    case boost::json::kind::null:
      return true;
    case boost::json::kind::bool_:
      return !value.get_bool();
    case boost::json::kind::string:
      return value.get_string().empty();
    case boost::json::kind::array:
      return value.get_array().empty();
    case boost::json::kind::object:
      for (const auto& [name, member] : value.get_object()) {
        if (!SaysNothing(member)) return false;
      }
      return true;
    default:
      return value.to_number<double>() == 0;
  }
}

Result<std::vector<std::string>> TakeTexts(const json::object& from, std::string_view name,
                                           std::string_view where) {
  auto array = json::Array(from, name);
  if (!array) return Refuse(std::string(where) + array.error().message());
  std::vector<std::string> texts;
  if (*array == nullptr) return texts;
  for (const json::value& item : **array) {
    if (!item.is_string()) {
      return Refuse(std::string(where) + std::string(name) + " must hold strings only");
    }
    texts.emplace_back(item.get_string());
  }
  return texts;
}

namespace {

bool Is(const json::value& value, std::string_view text) {
  return value.is_string() && std::string_view(value.get_string()) == text;
}

// True if every member of `value` says nothing, those in `details` aside: they only refine what the
// others ask for.
bool SaysNothingBut(const json::value& value, std::initializer_list<std::string_view> details) {
  if (!value.is_object()) return SaysNothing(value);
  for (const auto& [name, member] : value.get_object()) {
    if (std::ranges::find(details, std::string_view(name)) != details.end()) continue;
    if (member.is_object() ? !SaysNothingBut(member, details) : !SaysNothing(member)) return false;
  }
  return true;
}

// Members that Ebb does not have, with what else may stand there because it is so anyway.  The
// values are those that Serverless Devs' fc3 component sends unasked.
bool Harmless(std::string_view name, const json::value& value) {
  if (SaysNothing(value)) return true;
  if (name == "instanceIsolationMode") return Is(value, "SHARE");
  if (name == "sessionAffinity") return Is(value, "NONE");
  if (name == "nasConfig" || name == "polarFsConfig") {
    return SaysNothingBut(value, {"userId", "groupId"});
  }
  if (name == "logConfig") {
    return SaysNothingBut(value, {"enableRequestMetrics", "enableInstanceMetrics",
                                  "enableLlmMetrics", "logBeginRule"});
  }
  return false;
}

template <typename T>
Result<void> Take(Result<std::optional<T>> member, auto store) {
  if (!member) return Refuse(member.error().message());
  if (*member) store(**std::move(member));
  return {};
}

Result<void> ApplyEnvironment(const json::object& input, model::FunctionConfig& config) {
  auto variables = json::Object(input, "environmentVariables");
  if (!variables) return Refuse(variables.error().message());
  if (*variables == nullptr) return {};
  config.environment.clear();
  for (const auto& [name, value] : **variables) {
    if (!value.is_string()) {
      return Refuse("environmentVariables." + std::string(name) + " must be a string");
    }
    config.environment[std::string(name)] = std::string(value.get_string());
  }
  return {};
}

Result<void> ApplyCustomRuntime(const json::object& input, model::FunctionConfig& config) {
  auto custom = json::Object(input, "customRuntimeConfig");
  if (!custom) return Refuse(custom.error().message());
  if (*custom == nullptr) return {};
  for (const auto& [name, value] : **custom) {
    if (name == "command" || name == "args" || name == "port" || name == "healthCheckConfig")
      continue;
    if (SaysNothing(value)) continue;
    return Refuse("customRuntimeConfig." + std::string(name) + " is not supported");
  }
  auto command = TakeTexts(**custom, "command");
  if (!command) return Fail(command.error());
  auto args = TakeTexts(**custom, "args");
  if (!args) return Fail(args.error());
  auto port = json::Integer(**custom, "port");
  if (!port) return Refuse("customRuntimeConfig." + port.error().message());
  if (*port && (**port < 0 || **port > 65535)) {
    return Refuse("customRuntimeConfig.port must be from 1 to 65535");
  }
  config.custom.health = {};
  if (const json::value* check = (*custom)->if_contains("healthCheckConfig");
      check != nullptr && !SaysNothing(*check)) {
    auto parsed = ParseHealthCheck(*check);
    if (!parsed) return Refuse("customRuntimeConfig." + parsed.error().message());
    config.custom.health = *std::move(parsed);
  }
  config.custom.command = *std::move(command);
  config.custom.args = *std::move(args);
  if (port->value_or(0) != 0) config.custom.port = static_cast<std::uint16_t>(**port);
  return {};
}

Result<void> ApplyNumbers(const json::object& in, model::FunctionConfig& config) {
  if (auto ok = Take(json::Integer(in, "timeout"),
                     [&](std::int64_t s) { config.timeout = std::chrono::seconds(s); });
      !ok) {
    return ok;
  }
  // Thousandths, so that 0.35 from a double is 350 and not 349.
  if (auto ok = Take(json::Number(in, "cpu"),
                     [&](double cores) {
                       const double bounded =
                           std::isfinite(cores) ? std::clamp(cores, -1., 1e6) : -1;
                       config.cpu = MilliCpu(std::llround(bounded * 1000));
                     });
      !ok) {
    return ok;
  }
  if (auto ok = Take(json::Integer(in, "memorySize"),
                     [&](std::int64_t mib) { config.memory = Mebibytes(mib); });
      !ok) {
    return ok;
  }
  if (auto ok = Take(json::Integer(in, "diskSize"),
                     [&](std::int64_t mib) { config.disk = Mebibytes(mib); });
      !ok) {
    return ok;
  }
  return Take(json::Integer(in, "instanceConcurrency"), [&](std::int64_t count) {
    config.instance_concurrency = static_cast<int>(std::clamp<std::int64_t>(count, -1, 1'000'000));
  });
}

Result<void> ApplyTexts(const json::object& in, model::FunctionConfig& config) {
  const std::pair<std::string_view, std::string*> texts[] = {{"description", &config.description},
                                                             {"runtime", &config.runtime},
                                                             {"handler", &config.handler},
                                                             {"role", &config.role}};
  for (const auto& [name, slot] : texts) {
    std::string* const into = slot;
    auto ok = Take(json::String(in, name), [into](std::string text) { *into = std::move(text); });
    if (!ok) return ok;
  }
  return Take(json::Boolean(in, "internetAccess"),
              [&](bool allowed) { config.internet_access = allowed; });
}

constexpr std::string_view kKnown[] = {"functionName",
                                       "code",
                                       "description",
                                       "runtime",
                                       "handler",
                                       "role",
                                       "timeout",
                                       "cpu",
                                       "diskSize",
                                       "memorySize",
                                       "internetAccess",
                                       "environmentVariables",
                                       "customRuntimeConfig",
                                       "instanceConcurrency",
                                       "layers",
                                       "customContainerConfig",
                                       "customDNS",
                                       "instanceLifecycleConfig"};

}  // namespace

Result<void> ApplyFunctionInput(const json::object& input, model::FunctionConfig& config) {
  for (const auto& [name, value] : input) {
    const std::string_view member = name;
    if (std::ranges::find(kKnown, member) != std::end(kKnown) || Harmless(member, value)) continue;
    return Refuse(std::string(member) + " is not supported");
  }
  if (auto ok = ApplyTexts(input, config); !ok) return ok;
  if (auto ok = ApplyNumbers(input, config); !ok) return ok;
  if (auto ok = ApplyEnvironment(input, config); !ok) return ok;
  if (auto ok = ApplyLifecycle(input, config); !ok) return ok;
  if (auto ok = ApplyDns(input, config); !ok) return ok;
  return ApplyCustomRuntime(input, config);
}

}  // namespace ebb::api
