// invoke/door.h
// The door: whatever the protocol, every event becomes Door::Invoke.  Admission, identity, deadline
// and usage are decided here and nowhere else.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "base/random.h"
#include "catalog/catalog.h"
#include "catalog/identity.h"
#include "metrics/metrics.h"
#include "model/function.h"
#include "model/usage.h"
#include "net/http.h"
#include "net/task.h"
#include "scheduler/scheduler.h"

namespace ebb::invoke {

enum class Mode { kSync, kAsync };

struct Call {
  std::string account;
  std::string function;
  std::string qualifier;   // Empty or "LATEST".
  std::string request_id;  // Empty: the door makes one.
  std::string trigger;     // Name of the trigger, or "invoke".
  std::string payload;
  Mode mode = Mode::kSync;  // Decides the payload's limit.
  int attempt = 1;          // Of an asynchronous invocation.
  // kCustom functions behind an http trigger: the request is passed through instead of `payload`.
  std::optional<net::Request> http;
};

// What one attempt gave.
struct Attempt {
  std::string request_id;
  // A Reply for everything that the function itself did: it answered (ok), or it raised, timed out,
  // was killed for memory, ended, could not be loaded (not ok: `error_type` is x-fc-error-type,
  // `body` is FC's {errorMessage,errorType,stackTrace}; usage->outcome tells them apart).
  // An Error when it was not asked, by whose fault that is: kNotFound (FunctionNotFound,
  // VersionNotFound), kInvalid (EntityTooLarge), kThrottled (ResourceExhausted), kUnavailable,
  // kDeadline, kInternal: none of these counts as the function's attempt.
  Result<sandbox::Reply> outcome = Fail(Error::Internal("not run"));
  // Instead of a Reply's body, for Call::http.  The instance is held until its body has been read
  // to the end or dropped; only then is the usage complete, and goes to Dependencies::late_usage.
  std::optional<net::Response> http;
  // There when the function was reached and the attempt is over: exactly then it is billed.  (A
  // function that cannot even be started gets a Reply that is not ok, and no usage.)
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
  // The platform's own word on the attempt, on a line of its own, whatever the function has
  // printed.
  virtual void Note(const Source& source, std::string_view line) = 0;
  // The attempt is over: nothing more comes from this source.
  virtual void End(const Source& source) = 0;
};

class Door {
 public:
  virtual ~Door() = default;
  // Never fails: what goes wrong is in Attempt::outcome.  The caller keeps `usage`: appends it to
  // the ledger, or commits it with the message.  Cancelling ends the attempt and kills its
  // instance; what ran until then is billed through Dependencies::late_usage.
  virtual Task<Attempt> Invoke(Call call) = 0;
};

struct Config {
  // Changes behaviour.
  std::string region = "local";                           // In ARNs, FC_REGION and `context`.
  std::string s3_endpoint = "http://127.0.0.1:9010";      // EBB_S3_ENDPOINT: seen from inside.
  std::size_t max_sync_payload_bytes = 32 * 1024 * 1024;  // FC's.
  std::size_t max_async_payload_bytes = 128 * 1024;       // FC's.
  // How long loading the code may take (custom: until the port answers).  FC's limit for custom
  // runtimes, here for all; the function's own timeout starts after it.
  Duration init_timeout = std::chrono::seconds(120);
  // How long the platform may take to start an instance, before any user code runs.
  Duration launch_timeout = std::chrono::seconds(30);
};

// What the door asks of others.  References are borrowed and outlive the door.
struct Dependencies {
  asio::io_context& io;
  const Clock& clock;
  Random& random;
  scheduler::Scheduler& scheduler;
  OutputLog& log;
  std::function<std::shared_ptr<const catalog::Snapshot>()> snapshot;  // Catalog::snapshot
  // IdentityBook::Issue(account, function), for functions with a role.
  std::function<catalog::TemporaryKey(const std::string&, const std::string&)> issue_key;
  std::function<base::Path(const std::string& hash)> code_folder;  // PackageStore::CodeFolder
  // Gets the usage of attempts that end when nobody awaits Invoke: the caller was cancelled, or a
  // streamed body ended.  The ledger's Append.
  std::function<void(model::UsageRecord)> late_usage;
  // ImageStore::Hold: an unpacked image, there as long as what it returns.
  std::function<sandbox::ImageRoot(const std::string& digest)> image_root{};
  metrics::Metrics& metrics = metrics::None();
};

// Lives on Dependencies::io.
std::unique_ptr<Door> MakeDoor(Config config, Dependencies dependencies);

// Destroys warm instances of what is no longer deployed: hand OnChange to Catalog::OnChange.
class Retirement {
 public:
  Retirement(scheduler::Scheduler& scheduler,
             std::function<std::shared_ptr<const catalog::Snapshot>()> snapshot);
  void OnChange();

 private:
  scheduler::Scheduler& scheduler_;
  std::function<std::shared_ptr<const catalog::Snapshot>()> snapshot_;
  std::map<std::string, std::uint64_t> revisions_;  // By function id, as of the last change.
};

}  // namespace ebb::invoke
