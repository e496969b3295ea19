#include "invoke/fault.h"

#include <fmt/format.h>

#include <utility>

#include "model/error_json.h"

namespace ebb::invoke {

namespace {

constexpr const char* kUnhandled = "UnhandledInvocationError";
constexpr const char* kInitialization = "InitializationError";

long Seconds(Duration d) { return std::chrono::duration_cast<std::chrono::seconds>(d).count(); }

std::string Suffix(const Circumstances& c) {
  return fmt::format("(duration: {}ms, maxMemoryUsage: {:.2f}MB)", c.ran.count(),
                     static_cast<double>(c.peak_memory_bytes) / (1 << 20));
}

std::string TimeoutMessage(const Circumstances& c) {
  if (c.phase == Phase::kInvoke) {
    return fmt::format("Function time out after {} seconds", c.function.timeout.count());
  }
  if (c.phase == Phase::kLoad && model::ServesHttp(c.function.runtime)) {
    return fmt::format("Function instance health check failed on port {} in {} seconds",
                       c.function.custom.port, Seconds(c.load_timeout));
  }
  if (c.phase == Phase::kPreStop) {
    return fmt::format("Function preStop hook time out after {} seconds",
                       Seconds(c.function.pre_stop.timeout));
  }
  const Duration could =
      c.phase == Phase::kLoad ? c.load_timeout : Duration(c.function.initializer.timeout);
  return fmt::format("Function initialization time out after {} seconds", Seconds(could));
}

struct Words {
  std::string message;
  std::string type;  // errorType of the body.
  model::Outcome outcome;
};

Words WordsFor(const Error& error, const Circumstances& c) {
  if (error.kind() != ErrorKind::kFunctionFailed) {
    return {TimeoutMessage(c), "FunctionTimeoutError", model::Outcome::kTimeout};
  }
  if (error.code() == "FunctionOOMError") {
    std::string message =
        fmt::format("Function was killed because it ran out of its memory of {} MB {}",
                    c.function.memory.count(), Suffix(c));
    return {std::move(message), "FunctionOOMError", model::Outcome::kOutOfMemory};
  }
  const bool loading = c.phase == Phase::kLoad || c.phase == Phase::kInitializer;
  const bool ended = error.code() == "ProcessExited" || (!loading && error.code().empty());
  const auto outcome = loading ? model::Outcome::kInitError
                       : ended ? model::Outcome::kCrash
                               : model::Outcome::kFunctionError;
  if (ended) {
    return {"Process exited unexpectedly before completing request " + Suffix(c),
            "FunctionUnhandledError", outcome};
  }
  // What the sandbox says for itself, such as an exception at import or a response that is not one.
  const std::string type = error.code().empty() ? "FunctionInitializationError" : error.code();
  return {error.message(), type, outcome};
}

}  // namespace

bool IsFault(const Error& error) {
  // kDeadline: the deadline that the door gave was the function's own.
  return IsFunctionFault(error.kind()) || error.kind() == ErrorKind::kDeadline;
}

Fault MakeFault(const Error& error, const Circumstances& circumstances) {
  Words words = WordsFor(error, circumstances);
  Fault fault;
  fault.outcome = words.outcome;
  fault.log_line = words.message;
  fault.reply.ok = false;
  fault.reply.error_type = circumstances.phase == Phase::kInvoke ? kUnhandled : kInitialization;
  // A shim's own error JSON is passed on as it is.
  fault.reply.body = model::IsErrorJson(words.message)
                         ? words.message
                         : model::FormatErrorJson(words.message, words.type);
  return fault;
}

}  // namespace ebb::invoke
