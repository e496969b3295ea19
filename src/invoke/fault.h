// invoke/fault.h
// What a function did wrong, in FC's words: the error type, the error JSON and the outcome.
#pragma once

#include <string>

#include "base/error.h"
#include "base/units.h"
#include "model/function.h"
#include "model/usage.h"
#include "sandbox/launcher.h"

namespace ebb::invoke {

enum class Phase { kLoad, kInitializer, kInvoke, kPreStop };

// The circumstances that FC's messages mention.
struct Circumstances {
  Phase phase = Phase::kInvoke;
  const model::FunctionConfig& function;
  Duration load_timeout{};  // For kLoad; the other phases have theirs in the function.
  Millis ran{};
  std::int64_t peak_memory_bytes = 0;
};

struct Fault {
  sandbox::Reply reply;  // Not ok.
  model::Outcome outcome = model::Outcome::kCrash;
  std::string log_line;  // For the function's log: the function could not say it itself.
};

// True when `error`, from a Sandbox, is the function's doing: it counts as an attempt.
bool IsFault(const Error& error);

// Only for errors that are.
Fault MakeFault(const Error& error, const Circumstances& circumstances);

}  // namespace ebb::invoke
