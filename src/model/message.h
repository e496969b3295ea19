// model/message.h
// One invocation that nobody waits for, as it lies in the queue.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "base/clock.h"

namespace ebb::model {

struct Message {
  std::string request_id;  // Also the invocation's identity: stays the same over all attempts.
  std::string account;
  std::string function;   // Name; resolved anew at every attempt.
  std::string qualifier;  // "LATEST".
  std::string trigger;    // Name of the trigger, or "invoke".
  std::string key;        // De-duplication; empty for none.  Unique per account and function.
  std::string payload;
  WallTime enqueued;
  Duration delay{};                                       // Not before `enqueued + delay`.
  int max_retries = 3;                                    // FC's maxAsyncRetryAttempts: 0 to 8.
  std::chrono::seconds max_age = std::chrono::hours(24);  // FC's maxAsyncEventAgeInSeconds.
};

}  // namespace ebb::model
