// model/function.h
// What a user deploys: a function's configuration and its identity, as plain values.
//
// Knows no wire format: every door maps its own protocol to and from these.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/units.h"
#include "model/layer.h"

namespace ebb::model {

// How the code is run.  The name that the user gave ("python3.10") stays in
// FunctionConfig::runtime.
enum class RuntimeKind {
  kPython,
  kNode,
  kCustom,
  kContainer,
  kGo,  // A program, named by the handler, that asks for events at FC_RUNTIME_API.
};

// A function of the user's that runs once, when an instance begins or ends.
struct LifecycleHook {
  std::string handler;               // As FunctionConfig::handler.
  std::vector<std::string> command;  // Instead of one: a program, run to its end in the instance.
  std::chrono::seconds timeout{3};
  bool none() const { return handler.empty() && command.empty(); }
  friend bool operator==(const LifecycleHook&, const LifecycleHook&) = default;
};

// How a custom runtime is asked whether it is well: by GET, which it answers with 200 to 399.
struct HealthCheck {
  std::string path;                       // With query; empty: it is not asked.
  std::chrono::seconds initial_delay{0};  // From its start to the first asking.
  std::chrono::seconds period{3};
  std::chrono::seconds timeout{1};
  int failure_threshold = 3;  // So many times in a row: it is not well.
  int success_threshold = 1;  // So many times in a row, at its start: it is.
  friend bool operator==(const HealthCheck&, const HealthCheck&) = default;
};

struct CustomRuntime {
  std::vector<std::string> command;  // Empty: the bootstrap file of the package, /code/bootstrap.
  std::vector<std::string> args;
  std::uint16_t port = 9000;
  HealthCheck health{};
  friend bool operator==(const CustomRuntime&, const CustomRuntime&) = default;
};

// A program in a container image.  Its port is CustomRuntime's.
struct CustomContainer {
  std::string image;                    // As asked for: "registry:5000/shop/web:2".
  std::vector<std::string> entrypoint;  // Empty: the image's.
  std::vector<std::string> command;     // Empty: the image's, unless `entrypoint` is given.
  // What the image was when the function was deployed; see images/.
  std::string resolved;  // "registry:5000/shop/web@sha256:…", of the manifest for this machine.
  std::string digest;    // The hex digits of that.
  std::vector<std::string> run;  // What is started: from the above and the image's own.
  std::map<std::string, std::string> environment;  // The image's own; the function's wins.
  std::string work_in;
  // Who the program is inside, by number; user 0: as instances without an image.
  std::uint32_t user = 0;
  std::uint32_t group = 0;
  friend bool operator==(const CustomContainer&, const CustomContainer&) = default;
};

// Whom an instance asks for names, as in resolv.conf(5).
struct DnsOption {
  std::string name;
  std::string value;  // Empty: it has none.
  friend bool operator==(const DnsOption&, const DnsOption&) = default;
};
struct CustomDns {
  std::vector<std::string> name_servers;  // Empty: whom the host asks.
  std::vector<std::string> searches;
  std::vector<DnsOption> options;
  friend bool operator==(const CustomDns&, const CustomDns&) = default;
};

struct FunctionConfig {
  std::string name;
  std::string description;
  std::string runtime;  // As asked for: "python3.10", "nodejs20", "custom.debian12", "go1".
  // "module.function" for Python and Node, a file of the package for go1; free text for custom.
  std::string handler;
  std::chrono::seconds timeout{3};
  MilliCpu cpu{350};
  Mebibytes memory{512};
  Mebibytes disk{512};  // Size of the instance's own /tmp.
  int instance_concurrency = 1;
  std::map<std::string, std::string> environment;
  std::string role;  // Not empty: instances are given temporary keys to the account's buckets.
  CustomRuntime custom;
  CustomContainer container;    // kContainer only.
  LifecycleHook initializer{};  // Before an instance's first call.
  LifecycleHook pre_stop{};     // Before an instance that has served is destroyed.
  bool internet_access = true;
  CustomDns dns;                 // With internet_access only.
  std::vector<LayerUse> layers;  // At /opt; of files with one name the first layer's is seen.
  std::string package_hash;      // SHA-256 hex of the code package; see packages/.
  std::uint64_t package_crc64 = 0;
  std::int64_t package_bytes = 0;

  friend bool operator==(const FunctionConfig&, const FunctionConfig&) = default;
};

// One immutable state of a function.  A warm instance of one revision never serves another.
struct Function {
  std::string account;
  std::string id;              // Unique for ever: a function deleted and made again has another.
  std::uint64_t revision = 0;  // Of LATEST: rises by one with every update.
  WallTime created;
  WallTime modified;
  FunctionConfig config;
};

inline constexpr const char* kLatest = "LATEST";

// Names exactly one thing that can be run: what instances are kept and counted by.
struct VersionKey {
  std::string function_id;
  std::uint64_t revision = 0;
  friend auto operator<=>(const VersionKey&, const VersionKey&) = default;
};

// How `runtime` names are understood.  nullopt for one that Ebb does not have.
std::optional<RuntimeKind> RuntimeKindOf(const std::string& runtime);

// Whether functions of this runtime are asked over HTTP, on CustomRuntime::port.
bool ServesHttp(const std::string& runtime);

std::vector<std::string> RuntimeNames();  // Those that RuntimeKindOf knows.

}  // namespace ebb::model
