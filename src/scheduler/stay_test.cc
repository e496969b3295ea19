// Guests in instances, and what becomes of both.
#include <tuple>

#include "scheduler/scheduler_fixture.h"

namespace ebb::scheduler {
namespace {

class StayTest : public SchedulerTest {
 protected:
  Result<Stay> Enter(const std::string& instance_id, const std::string& function = "resize") {
    return RunToEnd(io_, scheduler_->Enter({function, instance_id}, {.command = {"sh"}}, {}));
  }
  // Of an instance that is idle now.
  std::string MakeIdle() {
    auto lease = Acquire(Make("resize"));
    return lease->instance_id();
  }
};

TEST_F(StayTest, IdleInstanceIsThawedForAsLongAsTheGuestStays) {
  const std::string id = MakeIdle();
  EXPECT_EQ(launcher_.freezes, 1);
  {
    auto stay = Enter(id);
    ASSERT_TRUE(stay);
    EXPECT_EQ(launcher_.thaws, 1);
    EXPECT_EQ(launcher_.guests, 1);
  }
  EXPECT_EQ(launcher_.guests, 0);
  EXPECT_EQ(launcher_.freezes, 2);
}

TEST_F(StayTest, CallsGoOnWhileAGuestStays) {
  const std::string id = MakeIdle();
  auto stay = Enter(id);
  ASSERT_TRUE(stay);
  {
    EXPECT_EQ(Acquire(Make("resize"))->instance_id(), id);
  }
  EXPECT_EQ(launcher_.launches, 1);
  EXPECT_EQ(launcher_.freezes, 1);  // Not again: somebody is in it.
}

TEST_F(StayTest, GuestOfABusyInstanceLeavesItRunning) {
  auto lease = Acquire(Make("resize"));
  {
    auto stay = Enter(lease->instance_id());
  }
  EXPECT_EQ(launcher_.freezes, 0);
  {
    auto given_back = std::move(*lease);
  }
  EXPECT_EQ(launcher_.freezes, 1);
}

TEST_F(StayTest, InstanceWithAGuestDoesNotExpire) {
  const std::string id = MakeIdle();
  {
    auto stay = Enter(id);
    clock_.Advance(1h);
    scheduler_->DestroyExpired();
    EXPECT_EQ(Living(), 1);
  }
  scheduler_->DestroyExpired();
  EXPECT_EQ(Living(), 1);  // It is kept warm from the guest's end on.
  clock_.Advance(1h);
  scheduler_->DestroyExpired();
  EXPECT_EQ(Living(), 0);
}

TEST_F(StayTest, GuestMayOutliveTheInstance) {
  const std::string id = MakeIdle();
  auto stay = Enter(id);
  scheduler_->Retire("resize", 2);
  EXPECT_EQ(Living(), 0);
  {
    auto ended = std::move(*stay);
  }
  EXPECT_EQ(launcher_.guests, 0);
}

TEST_F(StayTest, InstanceThatCannotBeFrozenAfterAGuestIsDestroyed) {
  const std::string id = MakeIdle();
  {
    auto stay = Enter(id);
    launcher_.fail_next_freeze = Error::Unavailable("freezer: EBUSY");
  }
  EXPECT_EQ(Living(), 0);
  EXPECT_EQ(scheduler_->counts().idle, 0);
}

TEST_F(StayTest, InstanceIsFoundOnlyUnderItsFunction) {
  const std::string id = MakeIdle();
  EXPECT_EQ(Enter(id, "other").error().code(), "InstanceNotFound");
  EXPECT_EQ(Enter("c-1").error().code(), "InstanceNotFound");
}

}  // namespace
}  // namespace ebb::scheduler
