// Which instance is lent, how many there may be, and when they end.
#include "scheduler/scheduler.h"

#include "scheduler/scheduler_fixture.h"

namespace ebb::scheduler {
namespace {

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
  EXPECT_EQ(Living(), 0);
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
  EXPECT_EQ(Kills(), 1);
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
  EXPECT_EQ(Living(), 0);
}

TEST_F(SchedulerTest, DeadInstanceNeverServesAgain) {
  {
    auto lease = Acquire(Make("resize"));
    dynamic_cast<sandbox::FakeSandbox&>(lease->sandbox()).Die();
  }
  EXPECT_EQ(Living(), 0);
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
  EXPECT_EQ(Living(), 0);
}

TEST_F(SchedulerTest, NothingIsKeptWarmForNoTime) {
  Restart({.keep_warm = 0s});
  {
    auto lease = Acquire(Make("resize"));
  }
  EXPECT_EQ(scheduler_->counts().idle, 0);
  EXPECT_EQ(Acquire(Make("resize"))->start(), model::Start::kCold);
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
  EXPECT_EQ(Living(), 1);
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
  EXPECT_EQ(Kills(), 1);
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
  EXPECT_EQ(Living(), 1);
  old.reset();
  EXPECT_EQ(Living(), 0);
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

TEST_F(SchedulerTest, LeaseMayOutliveTheScheduler) {
  std::optional<Lease> lease = *Acquire(Make("resize"));
  scheduler_.reset();
  lease.reset();
  EXPECT_EQ(Living(), 0);
}

}  // namespace
}  // namespace ebb::scheduler
