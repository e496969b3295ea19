#include "scheduler/scheduler_fixture.h"

namespace ebb::scheduler {
namespace {

class ReplaceTest : public SchedulerTest {
 protected:
  ReplaceTest() { launcher_.build = old_; }

  // As the launcher does it.
  void Upgrade() {
    old_->replaced = true;
    launcher_.build = std::make_shared<sandbox::Build>(
        sandbox::Build{.runtime = "python3", .id = "new", .version = "3.11.3"});
  }
  void ReplaceAfter(Duration passed) {
    clock_.Advance(passed);
    scheduler_->ReplaceOutdated();
  }
  void RestartAtPace(int per_minute, int most_instances = 100) {
    Config config;
    config.replace_per_minute = per_minute;
    config.max_instances_per_function = most_instances;
    Restart(config);
  }
  static Version Shared(int concurrency) {
    Version version = Make("resize");
    version.concurrency = concurrency;
    return version;
  }
  int Outdated() {
    int count = 0;
    for (const auto& [runtime, old] : scheduler_->outdated()) count += old;
    return count;
  }
  std::string BuildOf(const Lease& lease) {
    for (const InstanceEntry& entry : scheduler_->instances({})) {
      if (entry.id == lease.instance_id()) return entry.build->id;
    }
    return "none";
  }

  std::shared_ptr<sandbox::Build> old_ = std::make_shared<sandbox::Build>(
      sandbox::Build{.runtime = "python3", .id = "old", .version = "3.11.2"});
};

TEST_F(ReplaceTest, NothingEndsWhileNothingIsUpgraded) {
  std::ignore = Acquire(Make("resize"));
  ReplaceAfter(1min);
  EXPECT_EQ(scheduler_->counts().idle, 1);
  EXPECT_EQ(Outdated(), 0);
}

TEST_F(ReplaceTest, IdleInstanceOfAnOlderBuildEndsAndTheNextCallRunsOnTheNewOne) {
  std::ignore = Acquire(Make("resize"));
  Upgrade();
  EXPECT_EQ(Outdated(), 1);
  ReplaceAfter(1s);
  EXPECT_EQ(scheduler_->counts().idle, 0);
  EXPECT_EQ(Outdated(), 0);
  auto lease = Acquire(Make("resize"));
  ASSERT_TRUE(lease);
  EXPECT_EQ(BuildOf(*lease), "new");
  EXPECT_EQ(lease->cold_start().cause, model::ColdCause::kUpgrade);
}

TEST_F(ReplaceTest, InstancesOfTheNewBuildStay) {
  Upgrade();
  std::ignore = Acquire(Make("resize"));
  ReplaceAfter(1min);
  EXPECT_EQ(scheduler_->counts().idle, 1);
}

TEST_F(ReplaceTest, NoMoreEndAtOnceThanThePaceAllows) {
  RestartAtPace(60);
  {
    std::vector<Result<Lease>> leases;
    for (int i = 0; i < 10; ++i) leases.push_back(Acquire(Make("resize")));
  }
  Upgrade();
  scheduler_->ReplaceOutdated();
  const int at_first = scheduler_->counts().idle;
  EXPECT_GE(at_first, 8);
  for (int second = 1; second <= 5; ++second) ReplaceAfter(1s);
  EXPECT_EQ(scheduler_->counts().idle, at_first - 5);
}

TEST_F(ReplaceTest, SlowPaceEndsOneInSoManySeconds) {
  RestartAtPace(6);
  {
    auto first = Acquire(Make("resize"));
    auto second = Acquire(Make("resize"));
  }
  ReplaceAfter(1s);  // Nothing is old yet, and nothing is saved up.
  Upgrade();
  for (int second = 1; second <= 9; ++second) ReplaceAfter(1s);
  EXPECT_EQ(scheduler_->counts().idle, 2);
  ReplaceAfter(1s);
  ReplaceAfter(1s);
  EXPECT_EQ(scheduler_->counts().idle, 1);
}

TEST_F(ReplaceTest, PaceOfZeroLeavesThemAlone) {
  RestartAtPace(0);
  std::ignore = Acquire(Make("resize"));
  Upgrade();
  for (int minute = 0; minute < 2; ++minute) ReplaceAfter(1min);
  EXPECT_EQ(scheduler_->counts().idle, 1);
  EXPECT_EQ(Outdated(), 1);
}

TEST_F(ReplaceTest, TheOneThatHasBeenIdleForLongestGoesFirst) {
  RestartAtPace(60);
  std::ignore = Acquire(Make("quiet"));
  clock_.Advance(1s);
  std::ignore = Acquire(Make("busy"));
  scheduler_->ReplaceOutdated();
  Upgrade();
  ReplaceAfter(1s);
  ASSERT_EQ(scheduler_->counts().idle, 1);
  EXPECT_EQ(scheduler_->instances({}).front().key.function_id, "busy");
}

TEST_F(ReplaceTest, BusyInstanceFinishesItsCallAndEndsThen) {
  auto lease = Acquire(Make("resize"));
  Upgrade();
  ReplaceAfter(1s);
  EXPECT_TRUE(lease->sandbox().alive());
  EXPECT_EQ(Living(), 1);
  {
    auto over = std::move(*lease);
  }
  EXPECT_EQ(Living(), 0);
  EXPECT_EQ(scheduler_->instances({}).front().ended_by, model::ColdCause::kUpgrade);
}

TEST_F(ReplaceTest, LeavingInstanceThatIsSharedTakesNoMoreCallsAsLongAsAnotherCanBeStarted) {
  auto first = Acquire(Shared(10));
  Upgrade();
  ReplaceAfter(1s);
  auto second = Acquire(Shared(10));
  ASSERT_TRUE(second);
  EXPECT_EQ(BuildOf(*second), "new");
  EXPECT_NE(second->instance_id(), first->instance_id());
}

TEST_F(ReplaceTest, LeavingInstanceServesWhoWouldBeRefusedForWantOfRoom) {
  RestartAtPace(60, 1);
  auto first = Acquire(Shared(10));
  Upgrade();
  ReplaceAfter(1s);
  auto second = Acquire(Shared(10));
  ASSERT_TRUE(second) << second.error().Describe();
  EXPECT_EQ(second->instance_id(), first->instance_id());
  {
    auto over = std::move(*first);
  }
  EXPECT_EQ(Living(), 1);  // The second call is still in it.
  {
    auto over = std::move(*second);
  }
  EXPECT_EQ(Living(), 0);
}

TEST_F(ReplaceTest, CallThatWaitsForALeavingInstanceIsServedByTheOneThatFollowsIt) {
  Config config;
  config.max_instances_per_function = 1;
  config.admission_wait = 1h;
  Restart(config);
  auto first = Acquire(Make("resize"));
  Pending pending;
  AcquireLater(pending, Make("resize"));
  Upgrade();
  ReplaceAfter(1s);
  EXPECT_FALSE(pending.result);
  {
    auto over = std::move(*first);
  }
  Settle();
  ASSERT_TRUE(pending.result && *pending.result);
  EXPECT_EQ(BuildOf(**pending.result), "new");
  pending.result.reset();
}

TEST_F(ReplaceTest, InstanceThatLoadsItsCodeIsLeftAloneUntilItHas) {
  auto lease = AcquireUnloaded(Shared(10));
  Upgrade();
  ReplaceAfter(1s);
  Pending pending;
  AcquireLater(pending, Shared(10));
  lease->Loaded();
  Settle();
  ASSERT_TRUE(pending.result && *pending.result);
  EXPECT_EQ((*pending.result)->instance_id(), lease->instance_id());
  pending.result.reset();
}

}  // namespace
}  // namespace ebb::scheduler
