#include "sandbox/program.h"

#include <algorithm>

#include "sandbox/runtime_door.h"

namespace ebb::sandbox {
namespace {

bool HasNul(const std::string& s) { return s.find('\0') != std::string::npos; }

// V8 does not know the memory size by itself, and would sooner be killed than collect.  The rest is
// Node's own; 64 MiB was seen to be enough for it.
std::string NodeHeapFlag(Mebibytes memory) {
  const std::int64_t heap = std::max<std::int64_t>(memory.count() - 64, 64);
  return "--max-old-space-size=" + std::to_string(heap);
}

std::vector<std::string> CommandOf(const Spec& spec) {
  switch (spec.runtime) {
    case Runtime::kPython:
      return {};
    case Runtime::kNode:
      return {"/usr/bin/node", NodeHeapFlag(spec.memory), "/ebb/node/shim.cjs"};
    case Runtime::kCustom:
    case Runtime::kPolling:
      return spec.command.empty() ? std::vector<std::string>{"/code/bootstrap"} : spec.command;
  }
  return {};
}

}  // namespace

Result<std::map<std::string, std::string>> MakeEnvironment(const Spec& spec) {
  std::map<std::string, std::string> environment = spec.environment;
  environment["FC_INSTANCE_ID"] = spec.id;
  if (IsProgram(spec.runtime)) {
    environment["FC_RUNTIME_API"] = "127.0.0.1:" + std::to_string(kRuntimeApiPort);
  }
  environment.try_emplace("PATH", "/opt/bin:/usr/local/bin:/usr/bin:/bin");
  environment.try_emplace("HOME", "/tmp");
  if (!spec.layers.empty() && !IsProgram(spec.runtime)) {  // FC's rule.
    environment.try_emplace("LD_LIBRARY_PATH", kLayersLibraries);
    if (spec.runtime == Runtime::kNode) {
      environment.try_emplace("NODE_PATH", "/opt/nodejs/node_modules");
    }
  }
  environment.try_emplace("LANG", "C.UTF-8");
  for (const auto& [name, value] : environment) {
    if (!HasNul(name) && !HasNul(value) && !name.empty() && !name.contains('=')) continue;
    return Fail(Error::FunctionFailed("the environment variable '" + name + "' cannot be set"));
  }
  return environment;
}

Result<std::string> MakeOrderText(const Spec& spec, Order& order) {
  std::string text;
  const std::vector<std::string> command = CommandOf(spec);
  if (command.empty()) return text;
  for (const std::string& argument : command) {
    if (HasNul(argument)) return Fail(Error::FunctionFailed("the command holds a NUL"));
    text += argument + '\0';
  }
  for (const auto& [name, value] : spec.environment)
    text.append(name).append("=").append(value).push_back('\0');
  if (spec.image) {
    if (HasNul(spec.image->work_in)) return Fail(Error::FunctionFailed("the folder holds a NUL"));
    text += spec.image->work_in + '\0';
  }
  if (text.size() > kMaxOrderText) {
    return Fail(Error::FunctionFailed("the command and the environment are too long"));
  }
  order.argument_count = static_cast<std::uint32_t>(command.size());
  order.environment_count = static_cast<std::uint32_t>(spec.environment.size());
  return text;
}

}  // namespace ebb::sandbox
