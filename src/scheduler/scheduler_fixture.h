// scheduler/scheduler_fixture.h
// For the scheduler's tests: a scheduler over a fake launcher and a clock that stands still.
#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>

#include "net/task_group.h"
#include "sandbox/fake_launcher.h"
#include "scheduler/scheduler.h"
#include "testkit/run_task.h"

namespace ebb::scheduler {

using namespace std::chrono_literals;
using testkit::RunToEnd;

class SchedulerTest : public ::testing::Test {
 protected:
  SchedulerTest() { Restart({}); }

  void Restart(Config config) {
    scheduler_.reset();
    if (config.memory_budget == Mebibytes(0)) config.memory_budget = Mebibytes(100'000);
    // No waiting for room unless a test asks for it: the clock stands still.
    if (config.admission_wait == Config{}.admission_wait) config.admission_wait = 0ns;
    scheduler_.emplace(io_, launcher_, clock_, random_, config);
  }

  static Version Make(const std::string& function, std::uint64_t revision = 1,
                      std::int64_t memory_mib = 512) {
    Version version;
    version.key = {function, revision};
    version.memory = Mebibytes(memory_mib);
    version.make_spec = [] { return sandbox::Spec(); };
    return version;
  }

  // As the door does it: who is lent a new instance loads its code at once.
  Result<Lease> Acquire(Version version) {
    auto lease = AcquireUnloaded(std::move(version));
    if (lease && lease->start() == model::Start::kCold) lease->Loaded();
    return lease;
  }
  Result<Lease> AcquireUnloaded(Version version) {
    return RunToEnd(io_, scheduler_->Acquire(std::move(version), Deadline()));
  }

  // Acquires in the background, until the fixture goes.
  struct Pending {
    std::optional<Result<Lease>> result;
  };
  static Task<void> AcquireInto(Pending& pending, Scheduler& scheduler, Version version,
                                Deadline deadline) {
    pending.result = co_await scheduler.Acquire(std::move(version), deadline);
  }
  void AcquireLater(Pending& pending, Version version) {
    background_.Spawn("acquire", AcquireInto(pending, *scheduler_, std::move(version), Deadline()));
    Settle();
  }

  // Lets everything happen that can without waiting for time or gates.
  void Settle() {
    io_.restart();
    io_.poll();
  }

  // Sandboxes end in the loop's next turn.
  int Living() {
    Settle();
    return launcher_.living();
  }
  int Kills() {
    Settle();
    return launcher_.kills;
  }

  asio::io_context io_;
  ManualClock clock_;
  SeededRandom random_{1};
  sandbox::FakeLauncher launcher_{io_};
  std::optional<Scheduler> scheduler_;
  net::TaskGroup background_{io_};
};

}  // namespace ebb::scheduler
