// scheduler/scheduler.h
// Picks the instance that runs the next invocation of a function version.
//
// Owns the instances of this node.  Borrows the launcher and the clock, which must outlive it.
// Lives on one io_context: call every method from there.
// It does not retry, bill, log requests or know about HTTP: see invoke/door.h for those.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/random.h"
#include "model/function.h"
#include "model/usage.h"
#include "net/task.h"
#include "sandbox/launcher.h"
#include "scheduler/machine_memory.h"
#include "scheduler/roll.h"

namespace ebb::scheduler {

// Above every revision: what Retire is told of a function that is gone.
inline constexpr std::uint64_t kNoRevision = std::numeric_limits<std::uint64_t>::max();

struct Config {
  // Changes behaviour.
  Duration keep_warm =
      std::chrono::minutes(3);  // How long an idle instance is kept, frozen; 0: not at all.
  // False: an idle instance's own threads go on, and nobody pays for them.  To compare.
  bool freeze_idle = true;
  int max_instances_per_function = 100;  // FC's default quota is 100 to 300.
  Mebibytes memory_budget{0};  // Sum of the instances' memory sizes; 0: 80 % of the machine's.
  // How long a call waits for an instance or for room when a limit is reached.  FC's answer is
  // immediate (0); half a second lets a burst of short calls pass through the instances there
  // are.
  Duration admission_wait = std::chrono::milliseconds(500);
  // How long Stop waits for the last hooks of the instances that there are.
  Duration farewell_wait = std::chrono::seconds(10);
  // How many instances a minute are ended since their runtime was upgraded on the host, those that
  // nobody uses first; 0: none, they serve until they end by themselves.
  int replace_per_minute = 120;
  // What the kernel says of the machine's memory; null: it is not looked at.  While less than a
  // twentieth is available nothing is started and idle instances are destroyed, however much of
  // the budget is free: limits are promises, and others on the machine have made none.
  std::function<std::optional<MachineMemory>()> read_memory{};
};

class Lease;

// What is asked for; made by the caller from the catalog.
struct Version {
  model::VersionKey key;
  Mebibytes memory{0};
  int concurrency = 1;  // How many calls one instance may serve at once; > 0.
  // Called when an instance must be started, while the Acquire waits.  The scheduler sets `id`
  // and `version`.
  std::function<sandbox::Spec()> make_spec;
  // Runs the function's last hook; null if it has none.  Called with a lease of an instance that
  // has served, is alive, will not serve again, and ends when the lease does.  May be cancelled.
  std::function<Task<void>(Lease)> farewell{};
};

std::string VersionName(const model::VersionKey& key);  // sandbox::Spec::version.

struct Instance;
struct State;

// The right to use one instance for one attempt.  Movable.  An instance of a version with a
// concurrency of N is lent up to N times at once.  When the last lease of an instance is
// destroyed the instance is frozen and kept warm if it may serve again, else killed.
class Lease {
 public:
  Lease(Lease&&) noexcept;
  Lease& operator=(Lease&&) noexcept;
  ~Lease();

  sandbox::Sandbox& sandbox();
  const std::string& instance_id() const;
  // kCold: the user's code is not loaded yet.  Nobody else is lent the instance until Loaded.
  model::Start start() const;
  model::ColdStart cold_start() const;  // Of the instance, as this lease waited for it.
  // After a cold start, once Sandbox::Initialize and what belongs to it have succeeded: others
  // may join.
  void Loaded();
  // Instead of Loaded: the code cannot be loaded.  As Discard; and the calls that waited to join
  // this instance fail with `error`, since they would meet the same.
  void FailedToLoad(const Error& error);
  // Where what the instance prints goes until its last lease has been given back; before, between
  // and after leases it goes nowhere (no user code runs then).  The sink set first stays.
  void SetOutput(sandbox::OutputSink sink);
  void Discard();  // The instance takes no more calls, and ends when the last has left it.

 private:
  friend struct State;
  Lease(std::shared_ptr<State> state, Instance& instance, TimePoint asked);
  std::shared_ptr<State> state_;  // Shared, so that a lease may outlive the scheduler.
  Instance* instance_;            // Owned by the state while it is lent.  Null when moved from.
  model::Start start_;
  TimePoint asked_;
};

struct Destination {
  std::string function_id;
  std::string instance_id;
};

// A guest in an instance (sandbox::Guest).  The instance goes on as it would, serving calls or
// idle, but is not frozen and does not expire; it may still be evicted, replaced or crash, which
// ends the guest.  Movable.
class Stay {
 public:
  Stay(Stay&& other) noexcept = default;
  Stay& operator=(Stay&&) = delete;
  ~Stay();
  sandbox::Guest& guest() { return *guest_; }
  // Lets it run to its end, without input; what it writes goes to `sink`.
  // Errors: as Guest::WaitEnd.
  Task<Result<int>> Finish(sandbox::OutputSink sink, Deadline deadline);

 private:
  friend struct State;
  Task<void> Pump(sandbox::Guest::From from, const sandbox::OutputSink& sink, Deadline deadline);
  Stay(std::shared_ptr<State> state, std::string instance_id)
      : state_(std::move(state)), instance_id_(std::move(instance_id)) {}
  std::shared_ptr<State> state_;
  std::string instance_id_;
  std::unique_ptr<sandbox::Guest> guest_;
};

class Scheduler {
 public:
  Scheduler(asio::io_context& io, sandbox::Launcher& launcher, const Clock& clock, Random& random,
            Config config, metrics::Metrics& metrics = metrics::None());
  ~Scheduler();

  // Lends out an instance of `version`: of those that run and may be lent once more the one with
  // the most calls, else the most recently used idle one, else a new one or a place that comes
  // free, whichever is ready first.  The instance has not run user code yet when the start is
  // cold: call Sandbox::Initialize, then Lease::Loaded.  Cancelling gives up the place in the
  // line; a launch that nobody wants any more becomes an idle instance.
  //
  // Errors: kThrottled, code "ResourceExhausted": max_instances_per_function are out, or the
  // memory
  //                      budget is used up, and nothing came free within admission_wait;
  //         kUnavailable the launcher could not start one, or the scheduler has stopped;
  //         kDeadline    `deadline` passed during the launch;
  //         what another call gave to Lease::FailedToLoad, when this one waited to join it.
  Task<Result<Lease>> Acquire(Version version, Deadline deadline);

  // Starts a process beside the function in one of its instances.
  // Errors: kNotFound, code "InstanceNotFound"; as Launcher::Enter.
  Task<Result<Stay>> Enter(Destination destination, sandbox::GuestSpec spec, Deadline deadline);

  // Instances of other revisions of this function are destroyed as they become idle.
  void Retire(const std::string& function_id, std::uint64_t current_revision);

  void DestroyExpired();  // Destroys what has been idle for keep_warm.
  // Asks the instances with a health check that have been in use for a period since they were
  // last asked.  One that is not well takes no more calls, and ends when the last has left it.  A
  // frozen instance cannot be asked: its period goes on when it is lent again.
  void ProbeDue();
  // Destroys an eighth of the idle instances, those of the least benefit, if the machine is short
  // of memory.
  void RelieveMachine();
  // Ends as many instances that run on an older build of their runtime as the pace allows; those in
  // use take no more calls, and end when the last has left them.
  void ReplaceOutdated();
  Task<void> Run();  // Until cancelled: calls these about once a second.
  // Fails every waiting Acquire, cancels launches, destroys the idle instances, and from then on
  // every instance that comes back.  Waits for last hooks, farewell_wait at most.
  Task<void> Stop();

  // What has become of the template of `version`; none if it has not been slow to load.
  std::optional<sandbox::TemplateState> TemplateOf(const model::VersionKey& version) const;

  // The runtimes of the host, and what new instances are started from.
  std::vector<sandbox::RuntimeState> runtimes() const;
  // Instances on older builds than that, by runtime.
  std::vector<std::pair<std::string, int>> outdated() const;

  struct Counts {
    int idle = 0;
    int busy = 0;
    int starting = 0;
  };
  Counts counts() const;
  // The living, oldest first, then those that ended lately, latest first.  Empty: of all
  // functions.
  std::vector<InstanceEntry> instances(const std::string& function_id) const;

 private:
  std::shared_ptr<State> state_;
};

}  // namespace ebb::scheduler
