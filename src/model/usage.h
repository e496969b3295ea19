// model/usage.h
// What one attempt cost, as a plain value.  Keyed by (request id, attempt); see metering/.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/units.h"
#include "model/cold_start.h"

namespace ebb::model {

enum class Outcome {
  kOk,
  kFunctionError,  // The handler raised, or reported an error.
  kTimeout,        // Killed at its timeout.
  kOutOfMemory,    // Killed at its memory limit.
  kCrash,          // The process ended before it answered.
  kInitError,      // The code could not be loaded.
  kCancelled,      // The caller left; billed for what ran.
};

const char* ToString(Outcome outcome);  // "ok", "function_error", "timeout", …: stored and shown.

enum class Start { kCold, kWarm };

const char* ToString(Start start);  // "cold" or "warm": stored and shown.

// The attempt of a record that stands for a hook: its time is billed, and it is no call.
inline constexpr int kHookAttempt = 0;

struct UsageRecord {
  std::string request_id;
  int attempt = 1;  // From 1, or kHookAttempt.
  std::string account;
  std::string function;
  std::string version;  // "LATEST".
  std::string trigger;  // Name of the trigger, or "invoke" for a call through the API, "preStop".
  Start start = Start::kWarm;
  WallTime started;
  Duration ran{};   // On the monotonic clock, first byte handed over to answer; init included
                    // when cold.
  Millis billed{};  // `ran` rounded up.
  MilliCpu cpu;
  Mebibytes memory;
  Mebibytes disk;
  Duration cpu_time{};                 // Measured from the cgroup.
  std::int64_t peak_memory_bytes = 0;  // Measured from the cgroup.
  Outcome outcome = Outcome::kOk;
  std::optional<ColdStart> cold_start;  // What a cold start was made of.
};

}  // namespace ebb::model
