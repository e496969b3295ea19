// server/config.h
// How this server is set up: one plain struct, filled from defaults, a YAML file and flags.
//
// The table in config.cc names every setting once; the file's keys, the flags and --print-config
// all come from it.  Nothing else in the program reads files or the environment to set itself up.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/units.h"
#include "egress/address.h"

namespace ebb::server {

enum class Egress { kOn, kOff };

Mebibytes SixteenthOfTheMachine();  // Of its memory.

struct Config {
  // --- Changes behaviour.
  base::Path data = "data";          // Everything durable lies here.
  std::string listen = "127.0.0.1";  // Address of all three ports; anything else is the network.
  std::uint16_t api_port = 8900;     // 0: any free one; see cli.json for which.
  std::uint16_t s3_port = 8901;
  std::uint16_t functions_port = 8902;
  std::string region = "local";          // In ARNs and in `context.region`.
  std::chrono::seconds keep_warm{180};   // How long an idle instance stays, frozen.
  int max_instances_per_function = 100;  // Further calls wait, then get 429.
  Mebibytes memory_budget{0};            // Sum of instances' sizes; 0: 80 % of the machine.
  bool freeze_idle = true;               // False: idle instances go on running, unpaid.
  // How often is looked whether a runtime was upgraded on the host; 0: never.
  std::chrono::milliseconds runtime_look{5000};
  int runtime_replace_pace = 120;  // Instances a minute that leave the build before; 0: none.
  std::chrono::milliseconds retry_first{1000};  // Before the first retry; doubles each time …
  std::chrono::seconds retry_longest{300};      // … up to this.
  std::string plain_registries;                 // Comma-separated; may be asked over plain HTTP.
  std::chrono::seconds stop_grace{30};          // What is under way at SIGTERM may take this long.
  log::Level log_level = log::Level::kInfo;
  Egress egress = Egress::kOn;  // Off: no function reaches the Internet, whatever it asks for.
  std::vector<egress::Opening> egress_allow;     // Private addresses that functions may reach.
  std::vector<egress::NameServer> egress_names;  // Empty: those that the machine asks.
  int egress_connections = 1000;                 // Of one instance at once; one more is refused.
  int egress_connections_per_s = 500;            // Of one instance; one more waits a second.

  // --- Changes performance.
  // For booted runtimes that wait for a function; 0: none wait.  Taken only after starts were many.
  Mebibytes prepared_memory = SixteenthOfTheMachine();
  Mebibytes template_memory{512};  // For code that is slow to load, loaded once; 0: never.
  int blocking_threads = 8;        // For fsync, hashing, unpacking.
  int database_readers = 2;        // Threads that run SQL queries.
  int consumer_parallel = 32;      // Queued invocations under way at once.
  std::chrono::milliseconds ledger_commit{5};  // What a crash may lose of synchronous usage.
};

struct Setting {
  std::string key;  // "api_port" in the file, "--api-port" as a flag.
  std::string help;
  Result<void> (*set)(Config& config, const std::string& text);
  std::string (*get)(const Config& config);
};
std::span<const Setting> Settings();

struct LoadedConfig {
  Config config;
  std::map<std::string, std::string> origin;  // By key: "default", "ebb.yaml:3", "--api-port".
};

// Defaults, then `file`, then `flags` (key and value, keys as in the file).
// Errors: kInvalid with file and line: not YAML, an unknown key (naming the nearest), a bad value;
// kNotFound the file.
using Flags = std::vector<std::pair<std::string, std::string>>;
Result<LoadedConfig> LoadConfig(const std::optional<base::Path>& file, const Flags& flags);

// The configuration as a file that LoadConfig takes, each line saying where its value came from.
std::string FormatConfig(const LoadedConfig& loaded);

}  // namespace ebb::server
