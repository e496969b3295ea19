// invoke/door.h
// The door: whatever the protocol, every event becomes Door::Invoke.  Admission, identity, deadline
// and usage are decided here and nowhere else.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/error.h"
#include "base/random.h"
#include "catalog/catalog.h"
#include "catalog/identity.h"
#include "model/function.h"
#include "model/usage.h"
#include "net/http.h"
#include "net/task.h"
#include "scheduler/scheduler.h"

namespace ebb::invoke {

struct Call {
  std::string account;
  std::string function;
  std::string qualifier;   // Empty or "LATEST".
  std::string request_id;  // Empty: the door makes one.
  std::string trigger;     // Name of the trigger, or "invoke".
  std::string payload;
  int attempt = 1;  // Of an asynchronous invocation.
  // kCustom functions behind an http trigger: the request is passed through instead of `payload`.
  std::optional<net::Request> http;
};

// What one attempt gave.  `usage` is there when the function was reached: exactly then it is
// billed.
struct Attempt {
  std::string request_id;
  // What the function answered; an Error when it could not be asked or did not answer.
  Result<sandbox::Reply> outcome = Fail(Error::Internal("not run"));
  std::optional<net::Response> http;  // Instead of a Reply's body, for Call::http.
  std::optional<model::UsageRecord> usage;
  std::string instance_id;
  std::string version;
  std::string code_checksum;
  std::string log_tail;  // The last 4 KiB that the function wrote during this attempt.
};

// Where output of functions goes, with the request it belongs to.  Implemented by logs/.
class OutputLog {
 public:
  virtual ~OutputLog() = default;
  struct Source {
    std::string account;
    std::string function;
    std::string version;
    std::string instance_id;
    std::string request_id;
  };
  // `bytes` may hold several lines or a part of one.
  virtual void Write(const Source& source, std::string_view bytes) = 0;
};

class Door {
 public:
  virtual ~Door() = default;
  // Never fails: what goes wrong is in Attempt::outcome.  The caller keeps `usage`: appends it to
  // the ledger, or commits it with the message.
  virtual Task<Attempt> Invoke(Call call) = 0;
};

}  // namespace ebb::invoke
