#include "model/usage.h"

namespace ebb::model {

const char* ToString(Outcome outcome) {
  switch (outcome) {
    case Outcome::kOk:
      return "ok";
    case Outcome::kFunctionError:
      return "function_error";
    case Outcome::kTimeout:
      return "timeout";
    case Outcome::kOutOfMemory:
      return "out_of_memory";
    case Outcome::kCrash:
      return "crash";
    case Outcome::kInitError:
      return "init_error";
    case Outcome::kCancelled:
      return "cancelled";
  }
  return "";
}

const char* ToString(Start start) { return start == Start::kCold ? "cold" : "warm"; }

}  // namespace ebb::model
