// scheduler/state.h
// The scheduler's inside: who waits for an instance of which version, and what is being launched.
//
// Shared by the scheduler, its leases and its launches, so that each may end in any order.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "net/task_group.h"
#include "net/timing.h"
#include "scheduler/busy_pool.h"
#include "scheduler/idle_pool.h"
#include "scheduler/scheduler.h"

namespace ebb::scheduler {

struct State;

// What a waiter waits for.
enum class Hope {
  kLoading,  // Another call loads an instance's code; that call has a deadline for it.
  kLaunch,   // Until the waiter's own deadline.
  kRoom,     // For as long as admission may take.
};
// One Acquire that waits.  Leaves its line in the destructor, giving back what it was handed and
// has not taken.
struct Waiter {
  Waiter(std::shared_ptr<State> state, const Version& version, Deadline deadline);
  ~Waiter();
  Waiter(const Waiter&) = delete;
  Waiter& operator=(const Waiter&) = delete;

  std::shared_ptr<State> state;
  const Version& version;
  const Deadline deadline;
  const std::uint64_t ticket;  // Order of arrival.
  Hope hope = Hope::kRoom;     // `answered` is notified when it changes.
  net::Signal answered;
  std::optional<Result<Instance*>> answer;  // One of its leases is ours.
};

// Who waits for one version.  The first waiters have a place in an instance that is being launched
// or loaded on their behalf; the others wait for room.  Which instance serves whom is not fixed:
// the first in the line takes what comes first.
struct Line {
  std::deque<Waiter*> waiters;
  std::size_t starting = 0;     // Launches under way.
  std::size_t concurrency = 1;  // Of each instance; > 0.
};

// A launch that has not ended yet.  Destroyed without having succeeded, in whatever way, it failed:
// its room is free again and a waiter that counted on it is told.
class Launch {
 public:
  Launch(std::shared_ptr<State> state, model::VersionKey key, Reservation reservation, Birth birth);
  Launch(Launch&&) noexcept = default;
  ~Launch();
  void Succeed(std::unique_ptr<Instance> instance);
  void FailWith(Error error) { error_ = std::move(error); }
  Reservation TakeReservation() { return std::move(*reservation_); }  // Once, for Succeed.
  const Birth& birth() const { return birth_; }
  Mebibytes memory() const { return reservation_->memory(); }  // Before it is taken.

 private:
  std::shared_ptr<State> state_;  // Null once it has ended.
  model::VersionKey key_;
  std::optional<Reservation> reservation_;
  Birth birth_;
  Error error_ = Error::Unavailable("the launch was abandoned");
};

struct State : std::enable_shared_from_this<State> {
  State(asio::io_context& io, sandbox::Launcher& launcher, const Clock& clock, Random& random,
        Config config, metrics::Metrics& metrics);

  static Task<Result<Lease>> Acquire(std::shared_ptr<State> self, Version version,
                                     Deadline deadline);
  void Return(Instance& instance);  // A lease ended.
  void Settle(Instance& instance);  // Decides what becomes of it now.
  void OnLoaded(Instance& instance);
  void OnLoadFailed(Instance& instance, const Error& error);
  void Retire(const std::string& function_id, std::uint64_t current_revision);
  void DestroyExpired();
  static Task<Result<Stay>> Enter(std::shared_ptr<State> self, Destination destination,
                                  sandbox::GuestSpec spec, Deadline deadline);
  void EndStay(const std::string& instance_id);
  void ProbeDue();
  void RelieveMachine();
  void ReplaceOutdated();
  // Serves `waiter`, for whom no instance can be started now, with one that is leaving, if there is
  // such.
  bool LendLeaving(Waiter& waiter);
  void NoteOutdated(const std::vector<Instance*>& old);
  bool MachineIsShort();    // Of memory, as it was within the last tenth of a second.
  void RefuseEverything();  // First half of stopping: no new waiter, launch or idle instance.

  void Serve(std::unique_ptr<Instance> instance);  // To whom it is due, or idle.
  void Share(Instance& instance);                  // Lends what places it has to the line.
  void StartLaunches();                            // For everyone who can have one now.
  bool StartLaunch(const model::VersionKey& key);
  // What became of a launch.
  void OnLaunched(std::unique_ptr<Instance> instance);
  void OnLaunchFailed(const model::VersionKey& key, Error error);
  void Answer(Waiter& waiter, Result<Instance*> answer);
  void FailFirst(Line& line, std::size_t count, const Error& error);
  std::size_t Joinable(const model::VersionKey& key, const Line& line) const;
  std::size_t Expected(const model::VersionKey& key, const Line& line) const;
  Error Throttled(const Version& version) const;
  bool Retired(const model::VersionKey& key) const;
  Lease Lend(Instance& instance, TimePoint asked);
  void Dispose(
      std::unique_ptr<Instance> instance);       // Ends one that nobody uses, with its last hook.
  void End(std::unique_ptr<Instance> instance);  // Without one.
  // Ends the oldest farewells if those who say it and those who serve take more memory together
  // than the budget and a tenth of it.
  void CutFarewellsShort();
  void LookAgain(const model::VersionKey& key);  // What its waiters hope for may have changed.

  asio::io_context& io;
  sandbox::Launcher& launcher;
  const Clock& clock;
  Random& random;
  const Config config;

  Roll roll;
  Budget budget;
  IdlePool idle{budget, config.freeze_idle,
                [this](std::unique_ptr<Instance> i) { Dispose(std::move(i)); }};
  BusyPool busy;
  std::map<model::VersionKey, Line> lines;                 // Only those that someone is in.
  std::map<std::string, std::uint64_t> current_revisions;  // Of retired functions with instances.
  std::uint64_t next_ticket = 0;
  bool stopped = false;
  std::optional<MachineMemory> machine;  // As it was at machine_read.
  TimePoint machine_read{};

  std::vector<std::unique_ptr<sandbox::Sandbox>> ending;  // Destroyed in the loop's next turn.

  double replacements = 0;              // That the pace allows now.
  TimePoint paced{};                    // When it was last asked.
  std::map<std::string, int> outdated;  // Instances on older builds, by runtime; none with none.

  // An instance that says farewell: its room is free for others already.
  struct Parting {
    Mebibytes memory;  // 0 once it has been cut short.
    net::TaskGroup::Handle task;
  };
  std::map<std::uint64_t, Parting> partings;  // In the order of their begin.
  std::uint64_t next_parting = 0;
  net::Signal parted{io};

  // Reset when the scheduler goes.
  std::unique_ptr<net::TaskGroup> launches;
  std::unique_ptr<net::TaskGroup> farewells;
  std::unique_ptr<net::TaskGroup> probes;
};

}  // namespace ebb::scheduler
