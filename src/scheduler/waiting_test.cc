// Calls that wait: for a launch, for an instance that comes back, for room.
#include "scheduler/scheduler_fixture.h"

namespace ebb::scheduler {
namespace {

class WaitingTest : public SchedulerTest {};

TEST_F(WaitingTest, CallOverTheLimitIsServedWhenAnInstanceComesBackInTime) {
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

TEST_F(WaitingTest, CallOverTheLimitIsThrottledWhenTheAdmissionWaitHasPassed) {
  SystemClock clock;
  Scheduler scheduler(io_, launcher_, clock, random_,
                      {.max_instances_per_function = 1, .admission_wait = 5ms});
  auto lease = RunToEnd(io_, scheduler.Acquire(Make("resize"), Deadline()));
  auto refused = RunToEnd(io_, scheduler.Acquire(Make("resize"), Deadline()));
  EXPECT_EQ(refused.error().kind(), ErrorKind::kThrottled);
}

TEST_F(WaitingTest, CallThatWaitsForMemoryStartsWhenAnInstanceOfAnotherFunctionGoesIdle) {
  Restart({.memory_budget = Mebibytes(512), .admission_wait = 1h});
  std::optional<Lease> a = *Acquire(Make("a"));
  Pending b;
  AcquireLater(b, Make("b"));
  ASSERT_FALSE(b.result);
  a.reset();
  Settle();
  ASSERT_TRUE(b.result && *b.result);
  EXPECT_EQ(Kills(), 1);
}

TEST_F(WaitingTest, FailedLaunchGivesTheSlotAndTheMemoryBack) {
  Restart({.max_instances_per_function = 1, .memory_budget = Mebibytes(512)});
  launcher_.fail_next = Error::Unavailable("cgroup: no space");
  EXPECT_EQ(Acquire(Make("resize")).error().kind(), ErrorKind::kUnavailable);
  EXPECT_TRUE(Acquire(Make("resize")));  // Would be kThrottled if it still counted.
}

TEST_F(WaitingTest, FailedLaunchFailsOneWaiterOnly) {
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

TEST_F(WaitingTest, WaitingCallTakesAReturningInstanceBeforeItsOwnLaunchIsReady) {
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

TEST_F(WaitingTest, CallJoinsALaunchThatHasLostItsWaiter) {
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

TEST_F(WaitingTest, CallWhoseDeadlinePassesDuringTheLaunchFailsWithDeadline) {
  launcher_.launch_gate.Close();
  const Deadline soon(SystemClock().Now() + 5ms);
  auto late = RunToEnd(io_, scheduler_->Acquire(Make("resize"), soon));
  EXPECT_EQ(late.error().kind(), ErrorKind::kDeadline);
}

TEST_F(WaitingTest, CallCancelledAfterItWasHandedAnInstanceGivesItBack) {
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

TEST_F(WaitingTest, StopFailsWaitersCancelsLaunchesAndDestroysWhatComesBack) {
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
  EXPECT_EQ(Living(), 1);
  busy.reset();
  EXPECT_EQ(Living(), 0);
  EXPECT_EQ(Acquire(Make("resize")).error().kind(), ErrorKind::kUnavailable);
}

TEST_F(WaitingTest, CountsSayWhatIsIdleBusyAndStarting) {
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
