#include "api/fc/lifecycle_input.h"

#include <algorithm>
#include <string>
#include <utility>

#include "api/fc/function_json.h"
#include "api/operation.h"

namespace ebb::api {
namespace {

constexpr const char* kHooks = "instanceLifecycleConfig";

// Far beyond every limit, so that the rules refuse it; within what the fields hold.
constexpr std::int64_t kTooMuch = 1'000'000;

Result<void> TakeWhole(const json::object& from, const char* name, const std::string& where,
                       auto store) {
  auto number = json::Integer(from, name);
  if (!number) return Refuse(where + "." + number.error().message());
  if (*number) store(std::clamp(**number, -kTooMuch, kTooMuch));
  return {};
}

Result<model::LifecycleHook> ParseHook(const json::object& hooks, const char* name) {
  const bool takes_command = name == std::string_view("initializer");  // FC's rule.
  const std::string where = std::string(kHooks) + "." + name;
  auto object = json::Object(hooks, name);
  if (!object) return Refuse(std::string(kHooks) + "." + object.error().message());
  model::LifecycleHook hook;
  if (*object == nullptr) return hook;
  for (const auto& [member, value] : **object) {
    if (member == "handler" || member == "timeout" || SaysNothing(value)) continue;
    if (member == "command" && takes_command) continue;
    return Refuse(where + "." + std::string(member) + " is not supported");
  }
  auto handler = json::String(**object, "handler");
  if (!handler) return Refuse(where + "." + handler.error().message());
  hook.handler = std::move(*handler).value_or("");
  if (takes_command) {
    auto command = TakeTexts(**object, "command", where);
    if (!command) return Fail(command.error());
    hook.command = *std::move(command);
  }
  // What Serverless Devs sends for "none" has a timeout all the same.
  if (hook.none()) return hook;
  auto timed = TakeWhole(**object, "timeout", where,
                         [&](std::int64_t s) { hook.timeout = std::chrono::seconds(s); });
  if (!timed) return Fail(timed.error());
  return hook;
}

}  // namespace

Result<void> ApplyLifecycle(const json::object& input, model::FunctionConfig& config) {
  auto hooks = json::Object(input, kHooks);
  if (!hooks) return Refuse(hooks.error().message());
  if (*hooks == nullptr) return {};
  for (const auto& [name, value] : **hooks) {
    if (name == "initializer" || name == "preStop" || SaysNothing(value)) continue;
    return Refuse(std::string(kHooks) + "." + std::string(name) + " is not supported");
  }
  auto initializer = ParseHook(**hooks, "initializer");
  if (!initializer) return Fail(initializer.error());
  auto pre_stop = ParseHook(**hooks, "preStop");
  if (!pre_stop) return Fail(pre_stop.error());
  config.initializer = *std::move(initializer);
  config.pre_stop = *std::move(pre_stop);
  return {};
}

Result<model::HealthCheck> ParseHealthCheck(const json::value& value) {
  const std::string where = "healthCheckConfig";
  if (!value.is_object()) return Refuse(where + " must be an object");
  const json::object& from = value.get_object();
  model::HealthCheck check;
  auto path = json::String(from, "httpGetUrl");
  if (!path) return Refuse(where + "." + path.error().message());
  check.path = path->value_or("");
  const std::pair<const char*, std::chrono::seconds*> times[] = {
      {"initialDelaySeconds", &check.initial_delay},
      {"periodSeconds", &check.period},
      {"timeoutSeconds", &check.timeout}};
  for (const auto& [name, slot] : times) {
    std::chrono::seconds* const into = slot;
    auto taken =
        TakeWhole(from, name, where, [into](std::int64_t s) { *into = std::chrono::seconds(s); });
    if (!taken) return Fail(taken.error());
  }
  const std::pair<const char*, int*> counts[] = {{"failureThreshold", &check.failure_threshold},
                                                 {"successThreshold", &check.success_threshold}};
  for (const auto& [name, slot] : counts) {
    int* const into = slot;
    auto taken =
        TakeWhole(from, name, where, [into](std::int64_t n) { *into = static_cast<int>(n); });
    if (!taken) return Fail(taken.error());
  }
  return check;
}

json::object FormatLifecycle(const model::FunctionConfig& config) {
  json::object out;
  const std::pair<const char*, const model::LifecycleHook*> hooks[] = {
      {"initializer", &config.initializer}, {"preStop", &config.pre_stop}};
  for (const auto& [name, hook] : hooks) {
    if (hook->none()) continue;
    json::object shown{{"handler", hook->handler}, {"timeout", hook->timeout.count()}};
    if (!hook->command.empty()) shown["command"] = Texts(hook->command);
    out[name] = std::move(shown);
  }
  return out;
}

json::object FormatHealthCheck(const model::HealthCheck& check) {
  if (check.path.empty()) return {};
  return {{"httpGetUrl", check.path},
          {"initialDelaySeconds", check.initial_delay.count()},
          {"periodSeconds", check.period.count()},
          {"timeoutSeconds", check.timeout.count()},
          {"failureThreshold", check.failure_threshold},
          {"successThreshold", check.success_threshold}};
}

}  // namespace ebb::api
