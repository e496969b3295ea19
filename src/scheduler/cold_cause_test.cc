// Why an instance had to be started, and how long who waited for it waited for what.
#include <tuple>

#include "scheduler/roll.h"
#include "scheduler/scheduler_fixture.h"

namespace ebb::scheduler {
namespace {

using enum model::ColdCause;

class ColdCauseTest : public SchedulerTest {
 protected:
  // Of a start that is expected to be cold.
  model::ColdCause CauseOf(const Result<Lease>& lease) {
    EXPECT_TRUE(lease);
    EXPECT_EQ(lease->start(), model::Start::kCold);
    return lease->cold_start().cause;
  }
  model::ColdCause CauseOf(Version version) { return CauseOf(Acquire(std::move(version))); }
};

TEST_F(ColdCauseTest, FirstStartOfAFunctionIsItsFirst) {
  EXPECT_EQ(CauseOf(Make("resize")), kFirst);
  EXPECT_EQ(CauseOf(Make("other")), kFirst);
}

TEST_F(ColdCauseTest, StartBesideBusyInstancesIsABurst) {
  auto first = Acquire(Make("resize"));
  auto second = Acquire(Make("resize"));
  auto third = Acquire(Make("resize"));
  EXPECT_EQ(CauseOf(second), kBurst);
  EXPECT_EQ(CauseOf(third), kBurst);
}

TEST_F(ColdCauseTest, StartAfterTheInstanceWasIdleForTooLongIsBecauseItExpired) {
  std::ignore = Acquire(Make("resize"));
  clock_.Advance(1h);
  scheduler_->DestroyExpired();
  EXPECT_EQ(CauseOf(Make("resize")), kExpired);
}

TEST_F(ColdCauseTest, StartAfterTheMemoryWasNeededIsBecauseOfTheEviction) {
  Restart({.memory_budget = Mebibytes(512)});
  std::ignore = Acquire(Make("resize"));
  std::ignore = Acquire(Make("other"));
  EXPECT_EQ(CauseOf(Make("resize")), kEviction);
}

TEST_F(ColdCauseTest, StartOfANewRevisionIsBecauseOfTheDeployment) {
  std::ignore = Acquire(Make("resize", 1));
  scheduler_->Retire("resize", 2);
  EXPECT_EQ(CauseOf(Make("resize", 2)), kDeploy);
}

TEST_F(ColdCauseTest, DeploymentIsTheReasonForAsManyStartsAsItTookInstances) {
  {
    auto first = Acquire(Make("resize", 1));
    auto second = Acquire(Make("resize", 1));
  }
  scheduler_->Retire("resize", 2);
  auto first = Acquire(Make("resize", 2));
  auto second = Acquire(Make("resize", 2));
  auto third = Acquire(Make("resize", 2));
  EXPECT_EQ(CauseOf(first), kDeploy);
  EXPECT_EQ(CauseOf(second), kDeploy);
  EXPECT_EQ(CauseOf(third), kBurst);
}

TEST_F(ColdCauseTest, StartAfterADiscardedInstanceIsBecauseOfTheCrash) {
  auto lease = Acquire(Make("resize"));
  lease->Discard();
  {
    auto gone = std::move(*lease);
  }
  EXPECT_EQ(CauseOf(Make("resize")), kCrash);
}

TEST_F(ColdCauseTest, LossIsTheReasonOfOneStartOnly) {
  auto lease = Acquire(Make("resize"));
  lease->Discard();
  {
    auto gone = std::move(*lease);
  }
  auto again = Acquire(Make("resize"));
  EXPECT_EQ(CauseOf(again), kCrash);
  EXPECT_EQ(CauseOf(Make("resize")), kBurst);
}

TEST_F(ColdCauseTest, StartThatFailedIsStillToBeMade) {
  launcher_.fail_next = Error::Unavailable("no memory");
  EXPECT_FALSE(Acquire(Make("resize")));
  EXPECT_EQ(CauseOf(Make("resize")), kFirst);
}

TEST_F(ColdCauseTest, DeletedFunctionIsForgotten) {
  std::ignore = Acquire(Make("resize"));
  scheduler_->Retire("resize", kNoRevision);
  EXPECT_EQ(CauseOf(Make("resize")), kFirst);
}

TEST_F(ColdCauseTest, WhoCameLaterWaitedOnlyForWhatWasStillToCome) {
  const TimePoint began = clock_.Now();
  Birth birth{.cold = {.place = 1ms, .sandbox = 4ms, .runtime = 5ms}, .began = began};
  const model::ColdStart first = birth.SeenFrom(began - 3ms);
  EXPECT_EQ(first.queue, 3ms);
  EXPECT_EQ(first.sandbox, 4ms);
  const model::ColdStart late = birth.SeenFrom(began + 3ms);
  EXPECT_EQ(late.queue, 0ms);
  EXPECT_EQ(late.place, 0ms);
  EXPECT_EQ(late.sandbox, 2ms);
  EXPECT_EQ(late.runtime, 5ms);
  EXPECT_EQ(birth.SeenFrom(began + 1h).runtime, 0ms);
}

TEST_F(ColdCauseTest, WaitForRoomIsTimeInTheQueue) {
  Restart({.max_instances_per_function = 1, .admission_wait = 1h});
  auto first = Acquire(Make("resize"));
  Pending second;
  AcquireLater(second, Make("resize"));
  clock_.Advance(20ms);
  first->Discard();
  {
    auto gone = std::move(*first);
  }
  Settle();
  ASSERT_TRUE(second.result);
  EXPECT_EQ((*second.result)->cold_start().queue, 20ms);
  EXPECT_EQ(CauseOf(*second.result), kCrash);
}

}  // namespace
}  // namespace ebb::scheduler
