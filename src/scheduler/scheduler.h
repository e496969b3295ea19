// scheduler/scheduler.h
// Picks the instance that runs the next invocation of a function version.
//
// Owns the instances of this node.  Borrows the launcher and the clock, which must outlive it.
// Lives on one io_context: call every method from there.
// It does not retry, bill, log requests or know about HTTP: see invoke/door.h for those.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/error.h"
#include "base/random.h"
#include "model/function.h"
#include "model/usage.h"
#include "net/task.h"
#include "sandbox/launcher.h"

namespace ebb::scheduler {

struct Config {
  // Changes behaviour.
  Duration keep_warm = std::chrono::minutes(3);  // How long an idle instance is kept, frozen.
  int max_instances_per_function = 100;          // FC's default quota is 100 to 300.
  Mebibytes memory_budget{0};  // Sum of the instances' memory sizes; 0: 80 % of the machine's.
};

// What a launch needs to know of a version; made by the caller from the catalog.
struct Version {
  model::VersionKey key;
  sandbox::Spec spec;  // `id` is set by the scheduler.
};

class Instance;

// The right to use one instance for one attempt.  Movable.  Destroying it gives the instance back:
// frozen and kept warm if it may serve again, else killed.
class Lease {
 public:
  Lease(Lease&&) noexcept;
  Lease& operator=(Lease&&) noexcept;
  ~Lease();

  sandbox::Sandbox& sandbox();
  const std::string& instance_id() const;
  model::Start start() const;
  // Where what the instance prints goes while this lease is held; before, between and after leases
  // it goes nowhere but to the tail that a failed start reports.
  void SetOutput(sandbox::OutputSink sink);
  void Discard();  // The instance must not serve again.

 private:
  friend class Scheduler;
  struct Hold;
  explicit Lease(std::unique_ptr<Hold> hold);
  std::unique_ptr<Hold> hold_;
};

class Scheduler {
 public:
  Scheduler(asio::io_context& io, sandbox::Launcher& launcher, const Clock& clock, Random& random,
            Config config);
  ~Scheduler();

  // Lends out an instance of `version`: an idle one if there is one, else a new one, whichever is
  // ready first.  The instance has not run user code yet when the start is cold: call
  // Sandbox::Initialize.
  //
  // Errors: kThrottled   max_instances_per_function are out, or the memory budget is used up, and
  // none
  //                      came free by the deadline;
  //         kUnavailable the launcher could not start one;
  //         kDeadline    `deadline` passed during the launch.
  Task<Result<Lease>> Acquire(Version version, Deadline deadline);

  // Instances of other revisions of this function are destroyed as they become idle.
  void Retire(const std::string& function_id, std::uint64_t current_revision);

  // Runs until cancelled: destroys what has been idle for keep_warm.
  Task<void> Run();
  Task<void> Stop();  // Destroys every instance.

  struct Counts {
    int idle = 0;
    int busy = 0;
    int starting = 0;
  };
  Counts counts() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace ebb::scheduler
