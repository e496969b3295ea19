// sandbox/launcher.h
// Starts, feeds and kills one isolated process tree.  Knows no accounts, no functions, no HTTP
// doors.
//
// A step that confines and cannot be done fails the start, and the error names the step.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/units.h"
#include "model/cold_start.h"
#include "net/http.h"
#include "net/task.h"

namespace ebb::sandbox {

enum class Runtime {
  kPython,
  kNode,
  kCustom,  // A program that serves HTTP, or asks for events at FC_RUNTIME_API: what it does first.
  kPolling,  // A program that asks for events at FC_RUNTIME_API: FC's go1.
};

constexpr bool IsProgram(Runtime runtime) {
  return runtime == Runtime::kCustom || runtime == Runtime::kPolling;
}

// A container image that was unpacked: the sandbox's root, instead of the host's /usr.
struct ImageRoot {
  base::Path folder;                 // Read-only; what the function writes lies in memory above it.
  std::string work_in = "/";         // Where the command begins.
  std::shared_ptr<const void> hold;  // Released when the sandbox is gone: then the image may go.
  // Who the program is inside, without any more rights; uid 0: as without an image.
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
};

// What a sandbox reaches beside its own loopback.
enum class Reach { kNothing, kInternet };

// Whether the program of a kCustom sandbox is well: it answers GET `path` with 200 to 399, as
// Kubernetes has it for httpGet probes.
struct HealthCheck {
  std::string path;
  Duration initial_delay{};  // From the program's start to the first asking.
  Duration period{};
  Duration timeout{};         // Of one asking.
  int failure_threshold = 3;  // So many times in a row: it is not well.
  int success_threshold = 1;  // So many times in a row, at its start: it is.
};

// Whom a sandbox asks for names and how, as in resolv.conf(5).
struct Names {
  std::vector<std::string> servers;  // IPv4; empty: the host's.
  std::vector<std::string> searches;
  std::vector<std::string> options;  // "ndots:2", "rotate".
};

// Everything that makes one sandbox.
struct Spec {
  std::string id;  // Unique among the living: "c-…", becomes the host's name and FC_INSTANCE_ID.
  Runtime runtime = Runtime::kPython;
  std::string version;        // What the code is a version of; empty: of nothing.
  bool may_be_forked = true;  // From a template that has loaded the same version.
  base::Path code;            // Mounted read-only at /code.
  // Mounted as one at /opt, read-only; of files with one name the first layer's is seen.
  std::vector<base::Path> layers;
  std::optional<ImageRoot>
      image;  // kCustom only, with a command; `code` and `layers` are unused then.
  std::string handler;
  std::vector<std::string> command;                // Programs only; empty: /code/bootstrap.
  std::uint16_t port = 9000;                       // kCustom only: where it will serve HTTP.
  std::map<std::string, std::string> environment;  // The user's and FC's own, merged.
  // What built-in runtimes show in `context`, as a JSON object:
  // {"function":{name,handler,memory,timeout},"service":{…},"region","accountId"}.
  std::string context_json;
  Reach reach = Reach::kNothing;
  std::optional<Names> names;  // Without: the host's servers, and nothing else.
  base::Path resolv_conf;      // The launcher's own: where `names` are written; else empty.
  MilliCpu cpu;
  Mebibytes memory;
  Mebibytes disk;            // Size of /tmp; with an image, of all that is written.
  int max_processes = 1024;  // Processes and threads together, FC's limit.
  int concurrency = 1;       // How many calls may be under way at once; above 1 kCustom only.
  std::optional<HealthCheck> health{};  // kCustom only.
};

// One call to the function.
struct Call {
  std::string request_id;
  std::string payload;
  std::string access_key_id;  // Temporary keys for context.credentials; empty for none.
  std::string access_key_secret;
  std::string security_token;
  int retry_count = 0;
};

// A function of the user's besides the handler, run once: FC's initializer before the first call,
// its preStop before the sandbox is destroyed.
enum class HookKind { kInitializer, kPreStop };
struct Hook {
  HookKind kind = HookKind::kInitializer;
  std::string handler;  // Built-in runtimes: "module.function".
  Call call;            // What the context shows; no payload.
};

// How a call ended, when the function itself could be asked.
struct Reply {
  bool ok = true;  // False: the handler raised or reported an error; `body` is FC's error JSON.
  std::string error_type;  // FC's x-fc-error-type when !ok.
  std::string body;
};

// What the cgroup measured.
struct Consumption {
  Duration cpu_time{};                 // Since the sandbox started.
  std::int64_t peak_memory_bytes = 0;  // Since the last ResetPeak.
};

// Standard output and error of the process tree, in the order written, not split into lines. Called
// on the launcher's io_context.
using OutputSink = std::function<void(std::string_view bytes)>;

// How a sandbox came to be.  The durations follow one another within Launch.
struct StartReport {
  model::StartPath path = model::StartPath::kExec;
  Duration sandbox{};  // Until the process was confined.
  Duration runtime{};  // Then until the runtime was there; with a program of its own: nothing.
};

// One state of a runtime on the host, from which sandboxes are started.  Shared by them.
struct Build {
  std::string runtime;    // "python3", "node"; "system": all that programs of custom runtimes find.
  std::string id;         // Of the files that it is made of, as they were.
  std::string version;    // As the host's package manager knows it; empty: it does not.
  WallTime since{};       // New sandboxes are started from it.
  bool replaced = false;  // They are started from another by now.
};

struct RuntimeState {
  std::shared_ptr<const Build> build;  // What new sandboxes are started from.
  std::string other;    // Id of another that the host has and that is not used; empty: none.
  std::string why_not;  // It does not start; empty: the host may be in the middle of an upgrade.
};

// Lives on the launcher's io_context.  Destroying it kills the process tree and frees everything,
// off the path.
class Sandbox {
 public:
  virtual ~Sandbox() = default;

  // Loads the user's code (built-in runtimes: imports the module, finds the handler; custom: waits
  // until the port answers and, if there is a health check, the program says that it is well).
  // Once, before the first Invoke. Errors: kFunctionFailed the code cannot be loaded, `message` is
  // what to tell the user;
  //         kFunctionTimeout not ready by `deadline`; kUnavailable the platform failed.
  virtual Task<Result<void>> Initialize(Deadline deadline) = 0;

  // Before Initialize: what the first Invoke will be.  It may be sent along, which spares the way
  // there and back between the two; then it runs once the code has loaded, whatever is done next.
  virtual void Expect(const Call& first) = 0;

  // Runs a hook: built-in runtimes call the function with `context`, custom ones are asked POST
  // /initialize or GET /pre-stop.  After Initialize, while no call is under way.
  // Errors: as Invoke; kFunctionFailed with FC's error JSON as `message` if the hook itself failed.
  // After any error the sandbox is dead.  Cancelling kills it too.
  virtual Task<Result<void>> RunHook(Hook hook, Deadline deadline) = 0;

  // Asks once whether the program is well; only with Spec::health, after Initialize.  May go on
  // beside calls and harms none.  Errors: it did not say so within the check's timeout.
  virtual Task<Result<void>> Probe() = 0;

  // As many calls at a time as Spec::concurrency.  All output that the function wrote before it
  // answered has reached the sink when this returns.
  // Errors: kFunctionTimeout `deadline` passed, kFunctionFailed the process ended or was killed for
  // memory (code "FunctionOOMError" then, else "ProcessExited"), kUnavailable the platform failed.
  // After any error the sandbox is dead.  Cancelling kills it too.  Not so if there may be other
  // calls: then this one's connection is closed, and alive() tells whether the others go on.
  virtual Task<Result<Reply>> Invoke(Call call, Deadline deadline) = 0;

  // kCustom only: passes an HTTP request through as it is.  The body of the response is streamed.
  virtual Task<Result<net::Response>> Proxy(net::Request request, Deadline deadline) = 0;

  // Nothing in it runs until Thaw.
  virtual Result<void> Freeze() = 0;
  virtual Result<void> Thaw() = 0;

  virtual Consumption Measure() const = 0;
  virtual void ResetPeak() = 0;
  virtual StartReport start_report() const = 0;
  // What it was started from; null if that is an image of its own.
  virtual std::shared_ptr<const Build> build() const { return nullptr; }
  virtual bool alive() const = 0;  // False once the process tree has ended.
};

// The user's functions reach Ebb's own doors (object storage) through a TCP port on the sandbox's
// loopback, whose listening socket the server holds.  Called once a sandbox with that socket; what
// is returned is destroyed with the sandbox.
struct InsideDoor {
  std::uint16_t port = 0;  // 0: none.
  std::function<std::shared_ptr<void>(base::Fd listener)> open;
};

// What has become of one version's template.
struct TemplateState {
  enum class Stage { kWanted, kLoading, kReady, kRefused };
  std::string version;  // Spec::version
  Stage stage = Stage::kWanted;
  std::string why;  // It was refused, for the user.
  int spares = 0;
  std::int64_t memory_bytes = 0;
};

// A process more in a sandbox, confined as the function is.
struct GuestSpec {
  enum class Standard { kPipes, kTerminal };
  std::vector<std::string> command;  // Not empty; looked for in the function's PATH.
  Standard standard = Standard::kPipes;
};

// Lives on the launcher's io_context.  Destroying it kills the process.  It may outlive the
// sandbox, with which the process ends.
class Guest {
 public:
  virtual ~Guest() = default;
  enum class From { kOutput, kErrors };  // On a terminal there are no errors.
  // The next that it wrote; empty at the end.  What is there is read although `deadline` has
  // passed. Errors: kDeadline.
  virtual Task<Result<std::string>> Read(From from, Deadline deadline) = 0;
  virtual Task<Result<void>> Write(std::string bytes) = 0;
  virtual void EndInput() = 0;  // Of a terminal's too, but it notices nothing.
  // Its exit code, 128 and the number if a signal ended it.  Errors: kFunctionFailed the command
  // cannot be run; kUnavailable nobody can say; kDeadline.
  virtual Task<Result<int>> WaitEnd(Deadline deadline) = 0;
};

class Launcher {
 public:
  virtual ~Launcher() = default;

  // Starts a sandbox: confined, runtime booted, no user code run yet.
  // Errors: kUnavailable, naming the step that failed, or why there is no Internet for a spec that
  // asks for it, or which of its name servers it would not reach; kDeadline.
  virtual Task<Result<std::unique_ptr<Sandbox>>> Launch(Spec spec, OutputSink output,
                                                        Deadline deadline) = 0;

  // Starts a guest in a sandbox of this launcher's, which must not be frozen.
  // Errors: kUnavailable, naming the step that failed; kDeadline.
  virtual Task<Result<std::unique_ptr<Guest>>> Enter(Sandbox& sandbox, GuestSpec spec,
                                                     Deadline deadline) = 0;

  // There will be no more launches of versions whose names begin with `prefix`, but for `except`:
  // what is kept for them goes.
  virtual void Forget(std::string_view /*prefix*/, std::string_view /*except*/) {}
  virtual std::vector<TemplateState> Templates() const { return {}; }
  // The runtimes that the host has.
  virtual std::vector<RuntimeState> Runtimes() const { return {}; }
  // What is made ahead of launches and ready: what, how many.
  virtual std::vector<std::pair<std::string, int>> prepared() const { return {}; }

  // Gives up what was prepared ahead.  Before the launcher is destroyed; no launch may be under
  // way.
  virtual Task<void> Stop() { co_return; }
};

}  // namespace ebb::sandbox
