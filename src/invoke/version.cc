#include "invoke/version.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/json.h"

namespace ebb::invoke {

namespace {

sandbox::Runtime RuntimeOf(const model::FunctionConfig& config) {
  const auto kind = model::RuntimeKindOf(config.runtime);
  EBB_CHECK(kind.has_value(), "deployed with an unknown runtime: " + config.runtime);
  switch (*kind) {
    case model::RuntimeKind::kPython:
      return sandbox::Runtime::kPython;
    case model::RuntimeKind::kNode:
      return sandbox::Runtime::kNode;
    case model::RuntimeKind::kCustom:
    case model::RuntimeKind::kContainer:
      return sandbox::Runtime::kCustom;
    case model::RuntimeKind::kGo:
      return sandbox::Runtime::kPolling;
  }
  EBB_CHECK(false, "impossible runtime kind");
}

std::vector<std::string> CommandOf(const model::FunctionConfig& of) {
  if (model::RuntimeKindOf(of.runtime) == model::RuntimeKind::kGo) return {"/code/" + of.handler};
  const model::CustomRuntime& custom = of.custom;
  std::vector<std::string> command = custom.command;
  if (command.empty() && !custom.args.empty()) command = {"/code/bootstrap"};
  command.insert(command.end(), custom.args.begin(), custom.args.end());
  return command;
}

std::optional<sandbox::HealthCheck> HealthOf(const model::HealthCheck& check) {
  if (check.path.empty()) return std::nullopt;
  return sandbox::HealthCheck{.path = check.path,
                              .initial_delay = check.initial_delay,
                              .period = check.period,
                              .timeout = check.timeout,
                              .failure_threshold = check.failure_threshold,
                              .success_threshold = check.success_threshold};
}

// FC's list.  FC_* are reserved, so they win over the user's; FC_INSTANCE_ID is the sandbox's.
std::map<std::string, std::string> EnvironmentOf(const model::Function& function,
                                                 const Config& config,
                                                 const Dependencies& dependencies) {
  const model::FunctionConfig& of = function.config;
  std::map<std::string, std::string> environment = of.environment;
  if (model::RuntimeKindOf(of.runtime) == model::RuntimeKind::kContainer) {
    environment.insert(of.container.environment.begin(), of.container.environment.end());
  }
  // Keys that the user set himself are his business: a mixture of his and ours fits nothing.
  if (!of.role.empty() && !environment.contains("ALIBABA_CLOUD_ACCESS_KEY_ID")) {
    const catalog::TemporaryKey key = dependencies.issue_key(function.account, of.name);
    environment["ALIBABA_CLOUD_ACCESS_KEY_ID"] = key.access_key_id;
    environment["ALIBABA_CLOUD_ACCESS_KEY_SECRET"] = key.secret;
    environment["ALIBABA_CLOUD_SECURITY_TOKEN"] = key.security_token;
  }
  environment["FC_FUNC_CODE_PATH"] = "/code/";
  environment["FC_ACCOUNT_ID"] = function.account;
  environment["FC_REGION"] = config.region;
  environment["FC_FUNCTION_NAME"] = of.name;
  environment["FC_FUNCTION_HANDLER"] = of.handler;
  environment["FC_FUNCTION_MEMORY_SIZE"] = std::to_string(of.memory.count());
  environment["FC_FUNCTION_VERSION"] = model::kLatest;
  environment["FC_VER_ID"] = model::kLatest;
  environment["FC_CUSTOM_LISTEN_PORT"] = std::to_string(of.custom.port);
  environment["EBB_S3_ENDPOINT"] = config.s3_endpoint;
  return environment;
}

std::string ContextJson(const model::Function& function, const Config& config) {
  const model::FunctionConfig& of = function.config;
  return json::serialize(json::object{
      {"function",
       {{"name", of.name},
        {"handler", of.handler},
        {"memory", of.memory.count()},
        {"timeout", of.timeout.count()},
        {"versionId", model::kLatest},
        {"qualifier", model::kLatest}}},
      {"service",
       {{"name", ""},
        {"logProject", ""},
        {"logStore", ""},
        {"qualifier", model::kLatest},
        {"versionId", model::kLatest}}},
      {"region", config.region},
      {"accountId", function.account},
  });
}

std::optional<sandbox::Names> NamesOf(const model::CustomDns& dns) {
  if (dns == model::CustomDns()) return std::nullopt;
  sandbox::Names names{.servers = dns.name_servers, .searches = dns.searches, .options = {}};
  for (const auto& [name, value] : dns.options) {
    std::string option = name;
    if (!value.empty()) option.append(":").append(value);
    names.options.push_back(std::move(option));
  }
  return names;
}

sandbox::Spec MakeSpec(const model::Function& function, const Config& config,
                       const Dependencies& dependencies) {
  const model::FunctionConfig& of = function.config;
  sandbox::Spec spec;
  spec.runtime = RuntimeOf(of);
  const auto wish = of.environment.find("EBB_TEMPLATE");
  spec.may_be_forked = wish == of.environment.end() || wish->second != "off";
  spec.code = dependencies.code_folder(of.package_hash);
  for (const model::LayerUse& layer : of.layers) {
    // Versions with the same content are one folder, which can be merged only once.
    base::Path folder = dependencies.code_folder(layer.package_hash);
    if (std::ranges::find(spec.layers, folder) == spec.layers.end()) {
      spec.layers.push_back(std::move(folder));
    }
  }
  spec.handler = of.handler;
  spec.command = CommandOf(of);
  if (model::RuntimeKindOf(of.runtime) == model::RuntimeKind::kContainer) {
    spec.code.clear();
    spec.image = dependencies.image_root(of.container.digest);
    spec.image->work_in = of.container.work_in;
    spec.image->uid = of.container.user;
    spec.image->gid = of.container.group;
    spec.command = of.container.run;
  }
  spec.port = of.custom.port;
  spec.environment = EnvironmentOf(function, config, dependencies);
  spec.context_json = ContextJson(function, config);
  spec.reach = of.internet_access ? sandbox::Reach::kInternet : sandbox::Reach::kNothing;
  spec.names = NamesOf(of.dns);
  spec.cpu = of.cpu;
  spec.memory = of.memory;
  spec.disk = of.disk;
  spec.concurrency = of.instance_concurrency;
  spec.health = HealthOf(of.custom.health);
  return spec;
}

}  // namespace

scheduler::Version MakeVersion(std::shared_ptr<const model::Function> function,
                               const Config& config, const Dependencies& dependencies) {
  scheduler::Version version;
  version.key = {function->id, function->revision};
  version.memory = function->config.memory;
  version.concurrency = function->config.instance_concurrency;
  version.make_spec = [function = std::move(function), &config, &dependencies] {
    return MakeSpec(*function, config, dependencies);
  };
  return version;
}

sandbox::Call MakeSandboxCall(const model::Function& function, const std::string& request_id,
                              const Dependencies& dependencies) {
  sandbox::Call call;
  call.request_id = request_id;
  if (function.config.role.empty()) return call;
  catalog::TemporaryKey key = dependencies.issue_key(function.account, function.config.name);
  call.access_key_id = std::move(key.access_key_id);
  call.access_key_secret = std::move(key.secret);
  call.security_token = std::move(key.security_token);
  return call;
}

void AddFunctionHeaders(net::Headers& headers, const FunctionHeaders& from) {
  const model::FunctionConfig& of = from.function.config;
  const std::pair<const char*, std::string> fields[] = {
      {"x-fc-request-id", from.call.request_id},
      {"x-fc-access-key-id", from.call.access_key_id},
      {"x-fc-access-key-secret", from.call.access_key_secret},
      {"x-fc-security-token", from.call.security_token},
      {"x-fc-function-name", of.name},
      {"x-fc-function-handler", of.handler},
      {"x-fc-function-memory", std::to_string(of.memory.count())},
      {"x-fc-region", from.config.region},
      {"x-fc-account-id", from.function.account},
      {"x-fc-qualifier", model::kLatest},
      {"x-fc-version-id", model::kLatest},
      {"x-fc-control-path", "/http-invoke"},
  };
  for (const auto& [name, value] : fields) {
    headers.Remove(name);
    if (!value.empty()) headers.Add(name, value);
  }
}

}  // namespace ebb::invoke
