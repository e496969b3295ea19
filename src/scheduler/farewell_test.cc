// The last hook of instances that end.
#include "scheduler/scheduler_fixture.h"

namespace ebb::scheduler {
namespace {

class FarewellTest : public SchedulerTest {
 protected:
  ~FarewellTest() override {
    gate_.Open();
    RunToEnd(io_, scheduler_->Stop());
  }

  Version Polite(const std::string& function, std::uint64_t revision = 1,
                 std::int64_t memory_mib = 512) {
    Version version = Make(function, revision, memory_mib);
    version.farewell = [this](Lease lease) { return Say(*this, std::move(lease)); };
    return version;
  }
  static Task<void> Say(FarewellTest& test, Lease lease) {
    ++test.begun_;
    const bool passed = co_await test.gate_.Pass(Deadline::Never());
    if (passed) ++test.said_;
  }
  void Use(const Version& version) {
    auto lease = Acquire(version);
    ASSERT_TRUE(lease);
  }

  int begun_ = 0;
  int said_ = 0;
  sandbox::FakeGate gate_{io_};
};

TEST_F(FarewellTest, InstanceThatWasIdleForTooLongIsThawedForItsLastHookAndThenEnds) {
  Use(Polite("resize"));
  clock_.Advance(1h);
  gate_.Close();
  scheduler_->DestroyExpired();
  Settle();
  EXPECT_EQ(begun_, 1);
  EXPECT_EQ(launcher_.thaws, 1);
  EXPECT_EQ(Living(), 1);
  gate_.Open();
  Settle();
  EXPECT_EQ(said_, 1);
  EXPECT_EQ(Living(), 0);
}

TEST_F(FarewellTest, InstanceWhoseRuntimeWasUpgradedSaysFarewellWhetherItIsIdleOrComesBack) {
  launcher_.build = std::make_shared<sandbox::Build>(
      sandbox::Build{.runtime = "python3", .id = "old", .version = {}});
  std::optional<Lease> busy = *Acquire(Polite("resize"));
  Use(Polite("resize"));
  launcher_.build->replaced = true;
  scheduler_->ReplaceOutdated();
  Settle();
  EXPECT_EQ(said_, 1);
  busy.reset();
  Settle();
  EXPECT_EQ(said_, 2);
  EXPECT_EQ(Living(), 0);
}

TEST_F(FarewellTest, RetiredInstanceSaysFarewellWhetherItIsIdleOrComesBack) {
  std::optional<Lease> busy = *Acquire(Polite("resize"));
  Use(Polite("resize"));
  scheduler_->Retire("resize", 2);
  Settle();
  EXPECT_EQ(said_, 1);
  busy.reset();
  Settle();
  EXPECT_EQ(said_, 2);
  EXPECT_EQ(Living(), 0);
}

TEST_F(FarewellTest, InstanceThatNeverServedDiedOrWasDiscardedSaysNone) {
  {
    auto unloaded = AcquireUnloaded(Polite("a"));
  }
  {
    auto dead = Acquire(Polite("b"));
    dynamic_cast<sandbox::FakeSandbox&>(dead->sandbox()).Die();
  }
  {
    auto discarded = Acquire(Polite("c"));
    discarded->Discard();
  }
  clock_.Advance(1h);
  scheduler_->DestroyExpired();
  Settle();
  EXPECT_EQ(begun_, 0);
  EXPECT_EQ(Living(), 0);
}

TEST_F(FarewellTest, CallThatNeedsTheRoomDoesNotWaitForTheHook) {
  Restart({.max_instances_per_function = 1, .memory_budget = Mebibytes(10'000)});
  gate_.Close();
  Use(Polite("resize", 1, 10'000));
  auto next = Acquire(Make("resize", 2, 512));
  EXPECT_TRUE(next);
  Settle();
  EXPECT_EQ(begun_, 1);
}

TEST_F(FarewellTest, HooksAreCutShortWhenTheyTakeMoreThanATenthAboveTheBudget) {
  Restart({.memory_budget = Mebibytes(10'000)});
  gate_.Close();
  Use(Polite("small", 1, 1000));
  clock_.Advance(1s);
  Use(Polite("large", 1, 9000));
  auto half = Acquire(Make("other", 1, 1000));  // Evicts the small one: 11,000 in all.
  ASSERT_TRUE(half);
  Settle();
  EXPECT_EQ(Living(), 3);
  auto more = Acquire(Make("other", 1, 1000));  // Evicts the large one.
  ASSERT_TRUE(more);
  Settle();
  EXPECT_EQ(said_, 0);
  EXPECT_EQ(Living(), 3);  // The small one's hook was cut short.
}

TEST_F(FarewellTest, StopWaitsForLastHooks) {
  Use(Polite("resize"));
  gate_.Close();
  bool stopped = false;
  background_.Spawn("stop", [](Scheduler& scheduler, bool& done) -> Task<void> {
    co_await scheduler.Stop();
    done = true;
  }(*scheduler_, stopped));
  Settle();
  EXPECT_EQ(begun_, 1);
  EXPECT_FALSE(stopped);
  gate_.Open();
  Settle();
  EXPECT_TRUE(stopped);
  EXPECT_EQ(said_, 1);
}

TEST_F(FarewellTest, StopWaitsForLastHooksNoLongerThanItMay) {
  SystemClock clock;
  Scheduler scheduler(io_, launcher_, clock, random_,
                      Config{.memory_budget = Mebibytes(1000), .farewell_wait = 5ms});
  {
    auto lease = RunToEnd(io_, scheduler.Acquire(Polite("resize"), Deadline()));
    ASSERT_TRUE(lease);
    lease->Loaded();
  }
  gate_.Close();
  RunToEnd(io_, scheduler.Stop());
  EXPECT_EQ(begun_, 1);
  EXPECT_EQ(said_, 0);
  EXPECT_EQ(Living(), 0);
}

}  // namespace
}  // namespace ebb::scheduler
