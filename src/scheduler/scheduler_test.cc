#include "scheduler/scheduler.h"

#include <gtest/gtest.h>

#include <optional>

#include "net/task_group.h"
#include "net/timing.h"
#include "sandbox/fake_launcher.h"
#include "testkit/run_task.h"

namespace ebb::scheduler {
namespace {

using namespace std::chrono_literals;
using testkit::RunToEnd;

class SchedulerTest : public ::testing::Test {
 protected:
  SchedulerTest() { Restart({}); }

  void Restart(Config config) {
    scheduler_.reset();
    if (config.memory_budget == Mebibytes(0)) config.memory_budget = Mebibytes(100'000);
    // No waiting for room unless a test asks for it: ManualClock and real timers do not meet.
    if (config.admission_wait == Config{}.admission_wait) config.admission_wait = 0ns;
    scheduler_.emplace(io_, launcher_, clock_, random_, config);
  }

  static Version Make(const std::string& function, std::uint64_t revision = 1,
                      std::int64_t memory_mib = 512) {
    return Version{.key = {function, revision}, .memory = Mebibytes(memory_mib), .make_spec = [] {
                     return sandbox::Spec();
                   }};
  }

  Result<Lease> Acquire(Version version) {
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

  asio::io_context io_;
  ManualClock clock_;
  SeededRandom random_{1};
  sandbox::FakeLauncher launcher_{io_};
  std::optional<Scheduler> scheduler_;
  net::TaskGroup background_{io_};
};

TEST_F(SchedulerTest, FirstCallStartsColdAndTheSecondReusesTheWarmInstance) {
  std::string first_id;
  {
    auto first = Acquire(Make("resize"));
    ASSERT_TRUE(first);
    EXPECT_EQ(first->start(), model::Start::kCold);
    first_id = first->instance_id();
  }
  auto second = Acquire(Make("resize"));
  ASSERT_TRUE(second);
  EXPECT_EQ(second->start(), model::Start::kWarm);
  EXPECT_EQ(second->instance_id(), first_id);
  EXPECT_EQ(launcher_.launches, 1);
}

TEST_F(SchedulerTest, InstanceIdsHaveTheShapeOfFunctionCompute) {
  auto lease = Acquire(Make("resize"));
  ASSERT_TRUE(lease);
  EXPECT_EQ(lease->instance_id().size(), 2u + 8 + 1 + 12) << lease->instance_id();
  EXPECT_TRUE(lease->instance_id().starts_with("c-"));
  EXPECT_EQ(launcher_.specs[0].id, lease->instance_id());
}

TEST_F(SchedulerTest, InstanceIsFrozenWhileIdleAndThawedWhenLent) {
  {
    auto lease = Acquire(Make("resize"));
  }
  EXPECT_EQ(launcher_.freezes, 1);
  auto lease = Acquire(Make("resize"));
  EXPECT_EQ(launcher_.thaws, 1);
}

TEST_F(SchedulerTest, InstanceThatCannotBeFrozenIsDestroyed) {
  launcher_.fail_next_freeze = Error::Unavailable("freezer: EBUSY");
  {
    auto lease = Acquire(Make("resize"));
  }
  EXPECT_EQ(launcher_.living(), 0);
  EXPECT_EQ(scheduler_->counts().idle, 0);
}

TEST_F(SchedulerTest, InstanceThatCannotBeThawedIsReplaced) {
  {
    auto lease = Acquire(Make("resize"));
  }
  launcher_.fail_next_thaw = Error::Unavailable("freezer: EIO");
  auto lease = Acquire(Make("resize"));
  ASSERT_TRUE(lease);
  EXPECT_EQ(lease->start(), model::Start::kCold);
  EXPECT_EQ(launcher_.launches, 2);
  EXPECT_EQ(launcher_.kills, 1);
}

TEST_F(SchedulerTest, MostRecentlyUsedInstanceIsLentFirst) {
  std::optional<Lease> a = *Acquire(Make("resize"));
  std::optional<Lease> b = *Acquire(Make("resize"));
  const std::string id = a->instance_id();
  b.reset();
  a.reset();
  EXPECT_EQ(Acquire(Make("resize"))->instance_id(), id);
}

TEST_F(SchedulerTest, DiscardedInstanceNeverServesAgain) {
  {
    auto lease = Acquire(Make("resize"));
    lease->Discard();
  }
  EXPECT_EQ(launcher_.living(), 0);
}

TEST_F(SchedulerTest, DeadInstanceNeverServesAgain) {
  {
    auto lease = Acquire(Make("resize"));
    dynamic_cast<sandbox::FakeSandbox&>(lease->sandbox()).Die();
  }
  EXPECT_EQ(launcher_.living(), 0);
}

TEST_F(SchedulerTest, InstanceOfOneRevisionNeverServesAnother) {
  {
    auto lease = Acquire(Make("resize", 1));
  }
  auto lease = Acquire(Make("resize", 2));
  EXPECT_EQ(lease->start(), model::Start::kCold);
}

TEST_F(SchedulerTest, InstanceIsDestroyedOnceIdleForKeepWarmAndNotBefore) {
  Restart({.keep_warm = 10min});
  {
    auto lease = Acquire(Make("resize"));
  }
  clock_.Advance(10min - 1ns);
  scheduler_->DestroyExpired();
  EXPECT_EQ(scheduler_->counts().idle, 1);
  clock_.Advance(1ns);
  scheduler_->DestroyExpired();
  EXPECT_EQ(scheduler_->counts().idle, 0);
  EXPECT_EQ(launcher_.living(), 0);
}

TEST_F(SchedulerTest, FunctionAtItsLimitIsThrottledAndAnotherIsNot) {
  Restart({.max_instances_per_function = 1});
  auto lease = Acquire(Make("resize"));
  auto refused = Acquire(Make("resize"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind(), ErrorKind::kThrottled);
  EXPECT_EQ(refused.error().code(), "ResourceExhausted");
  EXPECT_TRUE(Acquire(Make("other")));
}

TEST_F(SchedulerTest, LimitCountsAllRevisionsAndIdleOldOnesMakeRoom) {
  Restart({.max_instances_per_function = 1});
  {
    auto old = Acquire(Make("resize", 1));
  }
  auto lease = Acquire(Make("resize", 2));
  EXPECT_TRUE(lease);
  EXPECT_EQ(launcher_.living(), 1);
}

TEST_F(SchedulerTest, CallOverTheLimitIsServedWhenAnInstanceComesBackInTime) {
  Restart({.max_instances_per_function = 1, .admission_wait = 1h});
  std::optional<Lease> lease = *Acquire(Make("resize"));
  Pending pending;
  AcquireLater(pending, Make("resize"));
  ASSERT_FALSE(pending.result);
  lease.reset();
  Settle();
  ASSERT_TRUE(pending.result && *pending.result);
  EXPECT_EQ((*pending.result)->start(), model::Start::kWarm);
  EXPECT_EQ(launcher_.freezes, 0);  // Handed over as it was.
}

TEST_F(SchedulerTest, CallOverTheLimitIsThrottledWhenTheAdmissionWaitHasPassed) {
  SystemClock clock;
  Scheduler scheduler(io_, launcher_, clock, random_,
                      {.max_instances_per_function = 1, .admission_wait = 5ms});
  auto lease = RunToEnd(io_, scheduler.Acquire(Make("resize"), Deadline()));
  auto refused = RunToEnd(io_, scheduler.Acquire(Make("resize"), Deadline()));
  EXPECT_EQ(refused.error().kind(), ErrorKind::kThrottled);
}

TEST_F(SchedulerTest, LeastRecentlyUsedIdleInstanceIsEvictedForMemory) {
  Restart({.memory_budget = Mebibytes(1024)});
  {
    auto a = Acquire(Make("a"));
  }
  clock_.Advance(1s);
  {
    auto b = Acquire(Make("b"));
  }
  auto c = Acquire(Make("c"));
  ASSERT_TRUE(c);
  EXPECT_EQ(Acquire(Make("b"))->start(), model::Start::kWarm);
  EXPECT_EQ(launcher_.kills, 1);
}

TEST_F(SchedulerTest, NothingIsEvictedForACallThatCannotFitAnyway) {
  Restart({.memory_budget = Mebibytes(1024)});
  auto busy = Acquire(Make("a"));
  {
    auto idle = Acquire(Make("b"));
  }
  auto refused = Acquire(Make("big", 1, 1024));
  EXPECT_EQ(refused.error().kind(), ErrorKind::kThrottled);
  EXPECT_EQ(scheduler_->counts().idle, 1);
}

TEST_F(SchedulerTest, CallThatWaitsForMemoryStartsWhenAnInstanceOfAnotherFunctionGoesIdle) {
  Restart({.memory_budget = Mebibytes(512), .admission_wait = 1h});
  std::optional<Lease> a = *Acquire(Make("a"));
  Pending b;
  AcquireLater(b, Make("b"));
  ASSERT_FALSE(b.result);
  a.reset();
  Settle();
  ASSERT_TRUE(b.result && *b.result);
  EXPECT_EQ(launcher_.kills, 1);
}

TEST_F(SchedulerTest, FailedLaunchGivesTheSlotAndTheMemoryBack) {
  Restart({.max_instances_per_function = 1, .memory_budget = Mebibytes(512)});
  launcher_.fail_next = Error::Unavailable("cgroup: no space");
  EXPECT_EQ(Acquire(Make("resize")).error().kind(), ErrorKind::kUnavailable);
  EXPECT_TRUE(Acquire(Make("resize")));  // Would be kThrottled if it still counted.
}

TEST_F(SchedulerTest, FailedLaunchFailsOneWaiterOnly) {
  launcher_.launch_gate.Close();
  Pending a, b;
  AcquireLater(a, Make("resize"));
  AcquireLater(b, Make("resize"));
  EXPECT_EQ(scheduler_->counts().starting, 2);
  launcher_.fail_next = Error::Unavailable("no");
  launcher_.launch_gate.Open();
  Settle();
  ASSERT_TRUE(a.result && b.result);
  EXPECT_NE(a.result->has_value(), b.result->has_value());
}

TEST_F(SchedulerTest, WaitingCallTakesAReturningInstanceBeforeItsOwnLaunchIsReady) {
  std::optional<Lease> first = *Acquire(Make("resize"));
  launcher_.launch_gate.Close();
  Pending second;
  AcquireLater(second, Make("resize"));
  first.reset();
  Settle();
  ASSERT_TRUE(second.result && *second.result);
  EXPECT_EQ((*second.result)->start(), model::Start::kWarm);
  EXPECT_EQ(scheduler_->counts().starting, 1);

  // The launch that nobody wants any more becomes an idle instance that is still cold.
  launcher_.launch_gate.Open();
  Settle();
  EXPECT_EQ(scheduler_->counts().starting, 0);
  EXPECT_EQ(scheduler_->counts().idle, 1);
  EXPECT_EQ(Acquire(Make("resize"))->start(), model::Start::kCold);
  EXPECT_EQ(launcher_.launches, 2);
}

TEST_F(SchedulerTest, CallJoinsALaunchThatHasLostItsWaiter) {
  launcher_.launch_gate.Close();
  {
    net::TaskGroup impatient(io_);
    Pending gone;
    impatient.Spawn("acquire", AcquireInto(gone, *scheduler_, Make("resize"), Deadline()));
    Settle();
    RunToEnd(io_, impatient.Stop());
    EXPECT_FALSE(gone.result && *gone.result);
  }
  Pending pending;
  AcquireLater(pending, Make("resize"));
  EXPECT_EQ(scheduler_->counts().starting, 1);
  launcher_.launch_gate.Open();
  Settle();
  EXPECT_TRUE(pending.result && *pending.result);
  EXPECT_EQ(launcher_.launches, 1);
}

TEST_F(SchedulerTest, CallWhoseDeadlinePassesDuringTheLaunchFailsWithDeadline) {
  launcher_.launch_gate.Close();
  const Deadline soon(SystemClock().Now() + 5ms);
  auto late = RunToEnd(io_, scheduler_->Acquire(Make("resize"), soon));
  EXPECT_EQ(late.error().kind(), ErrorKind::kDeadline);
}

TEST_F(SchedulerTest, CallCancelledAfterItWasHandedAnInstanceGivesItBack) {
  Restart({.max_instances_per_function = 1, .admission_wait = 1h});
  std::optional<Lease> lease = *Acquire(Make("resize"));
  Pending gone;
  net::TaskGroup impatient(io_);
  impatient.Spawn("acquire", AcquireInto(gone, *scheduler_, Make("resize"), Deadline()));
  Settle();
  lease.reset();  // Handed over, but the waiter has not run yet.
  RunToEnd(io_, impatient.Stop());
  gone.result.reset();  // Either it was too late to cancel, or it was given back already.
  EXPECT_EQ(scheduler_->counts().busy, 0);
  EXPECT_EQ(scheduler_->counts().idle, 1);
}

TEST_F(SchedulerTest, RetireDestroysIdleInstancesOfOldRevisionsOnly) {
  {
    auto old = Acquire(Make("resize", 1));
  }
  {
    auto current = Acquire(Make("resize", 2));
  }
  {
    auto other = Acquire(Make("other", 1));
  }
  scheduler_->Retire("resize", 2);
  EXPECT_EQ(scheduler_->counts().idle, 2);
  EXPECT_EQ(Acquire(Make("resize", 2))->start(), model::Start::kWarm);
}

TEST_F(SchedulerTest, BusyInstanceOfARetiredRevisionIsDestroyedWhenItComesBack) {
  std::optional<Lease> old = *Acquire(Make("resize", 1));
  scheduler_->Retire("resize", 2);
  EXPECT_EQ(launcher_.living(), 1);
  old.reset();
  EXPECT_EQ(launcher_.living(), 0);
}

TEST_F(SchedulerTest, OutputGoesWhereTheLeaseSaysAndNowhereAfterwards) {
  std::string seen;
  {
    auto lease = Acquire(Make("resize"));
    lease->SetOutput([&](std::string_view bytes) { seen += bytes; });
    dynamic_cast<sandbox::FakeSandbox&>(lease->sandbox()).Print("one\n");
  }
  auto lease = Acquire(Make("resize"));
  dynamic_cast<sandbox::FakeSandbox&>(lease->sandbox()).Print("two\n");
  EXPECT_EQ(seen, "one\n");
}

TEST_F(SchedulerTest, StopFailsWaitersCancelsLaunchesAndDestroysWhatComesBack) {
  std::optional<Lease> busy = *Acquire(Make("resize"));
  {
    auto idle = Acquire(Make("other"));
  }
  launcher_.launch_gate.Close();
  Pending waiting;
  AcquireLater(waiting, Make("resize"));
  RunToEnd(io_, scheduler_->Stop());
  Settle();
  ASSERT_TRUE(waiting.result);
  EXPECT_EQ(waiting.result->error().kind(), ErrorKind::kUnavailable);
  EXPECT_EQ(scheduler_->counts().starting, 0);
  EXPECT_EQ(launcher_.living(), 1);
  busy.reset();
  EXPECT_EQ(launcher_.living(), 0);
  EXPECT_EQ(Acquire(Make("resize")).error().kind(), ErrorKind::kUnavailable);
}

TEST_F(SchedulerTest, LeaseMayOutliveTheScheduler) {
  std::optional<Lease> lease = *Acquire(Make("resize"));
  scheduler_.reset();
  lease.reset();
  EXPECT_EQ(launcher_.living(), 0);
}

TEST_F(SchedulerTest, CountsSayWhatIsIdleBusyAndStarting) {
  auto busy = Acquire(Make("a"));
  {
    auto idle = Acquire(Make("b"));
  }
  launcher_.launch_gate.Close();
  Pending starting;
  AcquireLater(starting, Make("c"));
  const auto counts = scheduler_->counts();
  EXPECT_EQ(counts.busy, 1);
  EXPECT_EQ(counts.idle, 1);
  EXPECT_EQ(counts.starting, 1);
}

}  // namespace
}  // namespace ebb::scheduler
