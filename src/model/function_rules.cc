#include "model/function_rules.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/encoding.h"
#include "model/dns_rules.h"

namespace ebb::model {
namespace {

// FC's limits (its CreateFunction schema and its page on quotas).
constexpr std::size_t kMaxFunctionName = 64;
constexpr std::size_t kMaxTriggerName = 128;
constexpr std::size_t kMaxDescription = 256;
constexpr std::size_t kMaxHandler = 128;
constexpr std::size_t kMaxHookCommand = 4096;  // Ours: as environment variables.
constexpr std::size_t kMaxEnvironmentBytes = 4096;
constexpr std::int64_t kMaxTimeoutSeconds = 86400;
constexpr std::int64_t kCpuStep = 50;  // Thousandths of a vCPU.
constexpr std::int64_t kMaxCpu = 16000;
constexpr std::int64_t kMemoryStep = 64;
constexpr std::int64_t kMinMemory = 128;
constexpr std::int64_t kMaxMemory = 32768;
constexpr int kMaxConcurrency = 200;
constexpr std::int64_t kMaxLayerBytes = 2'000'000'000;
constexpr std::int64_t kMaxInitializerSeconds = 300;
constexpr std::int64_t kMaxPreStopSeconds = 90;
constexpr std::size_t kMaxHealthPath = 2048;
constexpr std::int64_t kMaxHealthSeconds = 120;
constexpr std::int64_t kMaxHealthTimeoutSeconds = 3;
constexpr int kMaxHealthThreshold = 120;
// Ours: what a command line may hold is far more, but is no configuration any more.
constexpr std::size_t kMaxCommandBytes = 16384;
constexpr std::size_t kMaxContainerBytes = 65536;
// Inside every instance these lead to the buckets and to FC_RUNTIME_API; a server of the function's
// own could not bind them.
constexpr std::uint16_t kBucketsPort = 9010;
constexpr std::uint16_t kRuntimeApiPort = 19001;

bool IsLetter(char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsWord(char c) { return IsLetter(c) || IsDigit(c) || c == '_'; }

std::unexpected<Error> Refuse(std::string message) {
  return Fail(InvalidArgument(std::move(message)));
}

// "index.handler", "src/index.handler", "package.module.handler": what the shims can import.
bool IsModuleAndFunction(std::string_view handler) {
  const std::size_t dot = handler.rfind('.');
  if (dot == std::string_view::npos) return false;
  const std::string_view function = handler.substr(dot + 1);
  if (function.empty() || IsDigit(function[0])) return false;
  if (!std::ranges::all_of(function, [](char c) { return IsWord(c) || c == '$'; })) return false;
  bool part_is_empty = true;  // Between dots and slashes: no "..", no absolute path.
  for (const char c : handler.substr(0, dot)) {
    const bool separator = c == '.' || c == '/';
    if (separator && part_is_empty) return false;
    if (!separator && !IsWord(c) && c != '-') return false;
    part_is_empty = separator;
  }
  return !part_is_empty;
}

// "main", "bin/resize": a file of the package, and of nothing else.
bool IsFileInside(std::string_view handler) {
  while (true) {
    const std::size_t slash = handler.find('/');
    const std::string_view part = handler.substr(0, slash);
    if (part.empty() || part == "." || part == "..") return false;
    if (slash == std::string_view::npos) return true;
    handler.remove_prefix(slash + 1);
  }
}

Result<void> ValidateHandler(const FunctionConfig& config, RuntimeKind kind) {
  if (auto ok = ValidateText("handler", config.handler, kMaxHandler); !ok) return ok;
  if (ServesHttp(config.runtime)) return {};
  if (kind == RuntimeKind::kGo) {
    if (IsFileInside(config.handler)) return {};
    return Refuse(
        fmt::format("handler {} is not allowed for runtime {}: name the program's file in the "
                    "package, for example main",
                    Quoted(config.handler), config.runtime));
  }
  if (IsModuleAndFunction(config.handler)) return {};
  return Refuse(
      fmt::format("handler {} is not allowed for runtime {}: use module.function, for "
                  "example index.handler",
                  Quoted(config.handler), config.runtime));
}

Result<void> ValidateWhole(std::string_view field, std::int64_t value, std::int64_t least,
                           std::int64_t most) {
  if (value >= least && value <= most) return {};
  return Refuse(fmt::format("{} {} is not allowed: use {} to {}", field, value, least, most));
}

Result<void> ValidateCommand(const std::string& field, const LifecycleHook& hook,
                             const std::string& runtime) {
  if (!hook.handler.empty()) {
    return Refuse(fmt::format("{}: give a handler or a command, not both", field));
  }
  if (!ServesHttp(runtime)) {
    return Refuse(fmt::format("{}.command is for custom runtimes: name a handler", field));
  }
  std::size_t size = 0;
  bool has_nul = false;
  for (const std::string& word : hook.command) {
    size += word.size() + 1;
    has_nul = has_nul || word.contains('\0');
  }
  if (size > kMaxHookCommand || has_nul || hook.command.front().empty()) {
    return Refuse(
        fmt::format("{}.command is not allowed: name a program, with arguments of at most "
                    "{} characters",
                    field, kMaxHookCommand));
  }
  return {};
}

Result<void> ValidateHook(std::string_view name, const LifecycleHook& hook,
                          const std::string& runtime, std::int64_t longest) {
  if (hook.none()) return {};
  const std::string field = fmt::format("instanceLifecycleConfig.{}", name);
  const auto kind = RuntimeKindOf(runtime);
  const bool is_imported = kind == RuntimeKind::kPython || kind == RuntimeKind::kNode;
  if (!hook.command.empty()) {
    if (auto ok = ValidateCommand(field, hook, runtime); !ok) return ok;
    return ValidateWhole(field + ".timeout", hook.timeout.count(), 1, longest);
  }
  if (auto ok = ValidateText(field + ".handler", hook.handler, kMaxHandler); !ok) return ok;
  if (is_imported && !IsModuleAndFunction(hook.handler)) {
    return Refuse(
        fmt::format("{}.handler {} is not allowed: use module.function, for example "
                    "index.{}",
                    field, Quoted(hook.handler), name));
  }
  return ValidateWhole(field + ".timeout", hook.timeout.count(), 1, longest);
}

Result<void> ValidateHooks(const FunctionConfig& config) {
  if (auto ok =
          ValidateHook("initializer", config.initializer, config.runtime, kMaxInitializerSeconds);
      !ok) {
    return ok;
  }
  return ValidateHook("preStop", config.pre_stop, config.runtime, kMaxPreStopSeconds);
}

// A path as it can stand in the first line of a request.
bool IsRequestTarget(std::string_view path) {
  return path.starts_with('/') &&
         std::ranges::all_of(path, [](char c) { return c > ' ' && c < '\x7f'; });
}

Result<void> ValidateHealth(const HealthCheck& check) {
  if (check.path.empty()) return {};
  if (check.path.size() > kMaxHealthPath || !IsRequestTarget(check.path)) {
    return Refuse(
        fmt::format("healthCheckConfig.httpGetUrl {} is not allowed: use a path such as "
                    "/ready, of at most {} visible characters",
                    Quoted(check.path), kMaxHealthPath));
  }
  const struct {
    const char* name;
    std::int64_t value;
    std::int64_t least;
    std::int64_t most;
  } fields[] = {
      {"initialDelaySeconds", check.initial_delay.count(), 0, kMaxHealthSeconds},
      {"periodSeconds", check.period.count(), 1, kMaxHealthSeconds},
      {"timeoutSeconds", check.timeout.count(), 1, kMaxHealthTimeoutSeconds},
      {"failureThreshold", check.failure_threshold, 1, kMaxHealthThreshold},
      {"successThreshold", check.success_threshold, 1, kMaxHealthThreshold},
  };
  for (const auto& field : fields) {
    const std::string name = std::string("healthCheckConfig.") + field.name;
    if (auto ok = ValidateWhole(name, field.value, field.least, field.most); !ok) return ok;
  }
  return {};
}

Result<void> ValidateCode(const FunctionConfig& config) {
  const auto kind = RuntimeKindOf(config.runtime);
  if (!kind) {
    std::string known;
    for (const auto& name : RuntimeNames()) known += (known.empty() ? "" : ", ") + name;
    return Refuse(
        fmt::format("runtime {} is not supported: use one of {}", Quoted(config.runtime), known));
  }
  if (auto ok = ValidateHandler(config, *kind); !ok) return ok;
  const int most = ServesHttp(config.runtime) ? kMaxConcurrency : 1;
  if (config.instance_concurrency < 1 || config.instance_concurrency > most) {
    return Refuse(fmt::format("instanceConcurrency {} is not allowed for runtime {}: use {}",
                              config.instance_concurrency, config.runtime,
                              most == 1 ? "1, or a custom runtime" : "1 to 200"));
  }
  return ValidateHooks(config);
}

Result<void> ValidateCommand(const CustomRuntime& custom) {
  std::size_t bytes = 0;
  for (const auto* words : {&custom.command, &custom.args}) {
    for (const auto& word : *words) {
      bytes += word.size();
      if (auto ok = ValidateText("customRuntimeConfig.command or args", word, kMaxCommandBytes);
          !ok)
        return ok;
    }
  }
  if (bytes > kMaxCommandBytes) {
    return Refuse(
        fmt::format("customRuntimeConfig.command and args have {} bytes: at most {} are "
                    "allowed",
                    bytes, kMaxCommandBytes));
  }
  if (!custom.command.empty() && custom.command[0].empty()) {
    return Refuse("customRuntimeConfig.command starts with an empty word: name a program");
  }
  if (custom.port == 0 || custom.port == kBucketsPort || custom.port == kRuntimeApiPort) {
    return Refuse(
        fmt::format("customRuntimeConfig.port {} is not allowed: use 1 to 65535, but not "
                    "{}, which leads to the buckets, or {}, which is FC_RUNTIME_API",
                    custom.port, kBucketsPort, kRuntimeApiPort));
  }
  return {};
}

Result<void> ValidateSizes(const FunctionConfig& config) {
  const std::int64_t timeout = config.timeout.count();
  if (timeout < 1 || timeout > kMaxTimeoutSeconds) {
    return Refuse(
        fmt::format("timeout {} is not allowed: use 1 to {} seconds", timeout, kMaxTimeoutSeconds));
  }
  const std::int64_t cpu = config.cpu.count();
  const double vcpu = static_cast<double>(cpu) / 1000;
  if (cpu < kCpuStep || cpu > kMaxCpu || cpu % kCpuStep != 0) {
    return Refuse(fmt::format("cpu {} is not allowed: use 0.05 to 16 in steps of 0.05", vcpu));
  }
  const std::int64_t memory = config.memory.count();
  if (memory < kMinMemory || memory > kMaxMemory || memory % kMemoryStep != 0) {
    return Refuse(fmt::format("memorySize {} is not allowed: use {} to {} MB in steps of {}",
                              memory, kMinMemory, kMaxMemory, kMemoryStep));
  }
  // 1 vCPU goes with 1 to 4 GB.
  if (memory * 1000 < cpu * 1024 || memory * 1000 > cpu * 4096) {
    return Refuse(
        fmt::format("cpu {} with memorySize {} is not allowed: use 1 to 4 GB of memory "
                    "for each vCPU",
                    vcpu, memory));
  }
  if (config.disk.count() != 512 && config.disk.count() != 10240) {
    return Refuse(
        fmt::format("diskSize {} is not allowed: use 512 or 10240 MB", config.disk.count()));
  }
  return {};
}

Result<void> ValidateEnvironment(const std::map<std::string, std::string>& environment) {
  std::size_t bytes = 0;
  for (const auto& [key, value] : environment) {
    bytes += key.size() + value.size();
    if (key.empty() || !IsLetter(key[0]) || !std::ranges::all_of(key, IsWord)) {
      return Refuse(
          fmt::format("environmentVariables: key {} is not allowed: use a letter, then "
                      "letters, digits or '_'",
                      Quoted(key)));
    }
    if (key.starts_with("FC_")) {
      return Refuse(
          fmt::format("environmentVariables: key {} is not allowed: names that start "
                      "with FC_ are reserved",
                      Quoted(key)));
    }
    if (auto ok = ValidateText("environmentVariables: " + key, value, kMaxEnvironmentBytes); !ok)
      return ok;
  }
  if (bytes > kMaxEnvironmentBytes) {
    return Refuse(fmt::format("environmentVariables have {} bytes in all: at most {} are allowed",
                              bytes, kMaxEnvironmentBytes));
  }
  return {};
}

Result<void> ValidateContainer(const FunctionConfig& config) {
  if (RuntimeKindOf(config.runtime) != RuntimeKind::kContainer) return {};
  const CustomContainer& container = config.container;
  if (container.image.empty()) return Refuse("customContainerConfig.image is needed");
  if (!config.layers.empty()) {
    return Refuse("layers are not for runtime custom-container: they would hide the image's /opt");
  }
  std::size_t bytes = 0;
  for (const auto* words : {&container.entrypoint, &container.command, &container.run}) {
    for (const auto& word : *words) bytes += word.size();
  }
  for (const auto& [name, value] : container.environment) bytes += name.size() + value.size();
  if (bytes > kMaxContainerBytes) {
    return Refuse(
        fmt::format("the command and the image's environment have {} bytes: at most {} "
                    "are allowed",
                    bytes, kMaxContainerBytes));
  }
  return {};
}

// FC's: five layers, 2 GB of packages in all.
Result<void> ValidateLayers(const FunctionConfig& config) {
  if (config.layers.size() > kMaxLayersOfAFunction) {
    return Refuse(fmt::format("layers has {} entries: at most {} are allowed", config.layers.size(),
                              kMaxLayersOfAFunction));
  }
  std::int64_t bytes = 0;
  for (const LayerUse& layer : config.layers) bytes += layer.package_bytes;
  if (bytes > kMaxLayerBytes) {
    return Refuse(
        fmt::format("layers have {} bytes in all: at most {} are allowed", bytes, kMaxLayerBytes));
  }
  return {};
}

}  // namespace

Error InvalidArgument(std::string message) {
  return Error::Invalid(std::move(message)).WithCode("InvalidArgument");
}

std::string Quoted(std::string_view value) {
  std::size_t shown = std::min<std::size_t>(value.size(), 80);
  // Never ends within a UTF-8 character.
  while (shown < value.size() && shown > 0 && (value[shown] & '\xc0') == '\x80') --shown;
  std::string out = "\"";
  for (const char c : value.substr(0, shown)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) {
      out += fmt::format("\\x{:02x}", byte);
    } else {
      out += c;
    }
  }
  if (!base::IsUtf8(out)) out = "\"hex " + base::FormatHex(value.substr(0, shown));
  return out + (value.size() > shown ? "…\"" : "\"");
}

Result<void> ValidateName(std::string_view field, std::string_view name, std::size_t longest) {
  const bool characters = std::ranges::all_of(name, [](char c) { return IsWord(c) || c == '-'; });
  if (!name.empty() && name.size() <= longest && characters && !IsDigit(name[0]) &&
      name[0] != '-') {
    return {};
  }
  return Refuse(
      fmt::format("{} {} is not allowed: use 1 to {} letters, digits, '_' or '-', not "
                  "starting with a digit or '-'",
                  field, Quoted(name), longest));
}

Result<void> ValidateText(std::string_view field, std::string_view text, std::size_t longest) {
  if (text.size() > longest) {
    return Refuse(
        fmt::format("{} has {} bytes: at most {} are allowed", field, text.size(), longest));
  }
  if (!base::IsUtf8(text) || text.find('\0') != std::string_view::npos) {
    return Refuse(fmt::format("{} {} is not allowed: use UTF-8 without NUL", field, Quoted(text)));
  }
  return {};
}

Result<void> ValidateFunctionName(std::string_view name) {
  return ValidateName("functionName", name, kMaxFunctionName);
}

Result<void> ValidateTriggerName(std::string_view name) {
  return ValidateName("triggerName", name, kMaxTriggerName);
}

Result<void> Validate(const FunctionConfig& config) {
  if (auto ok = ValidateFunctionName(config.name); !ok) return ok;
  if (auto ok = ValidateText("description", config.description, kMaxDescription); !ok) return ok;
  if (auto ok = ValidateCode(config); !ok) return ok;
  if (auto ok = ValidateSizes(config); !ok) return ok;
  if (auto ok = ValidateEnvironment(config.environment); !ok) return ok;
  if (auto ok = ValidateText("role", config.role, 256); !ok) return ok;
  if (auto ok = ValidateLayers(config); !ok) return ok;
  if (auto ok = ValidateContainer(config); !ok) return ok;
  if (auto ok = ValidateCommand(config.custom); !ok) return ok;
  if (auto ok = ValidateDns(config); !ok) return ok;
  return ValidateHealth(config.custom.health);
}

}  // namespace ebb::model
