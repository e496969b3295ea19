// Which idle instance goes when memory is short, by the budget or on the machine.
#include "scheduler/machine_memory.h"
#include "scheduler/scheduler_fixture.h"

namespace ebb::scheduler {
namespace {

class MemoryTest : public SchedulerTest {
 protected:
  MemoryTest() { Watch({}); }

  void Watch(Config config) {
    if (config.memory_budget == Mebibytes(0)) config.memory_budget = Mebibytes(100'000);
    config.admission_wait = 0ns;
    config.read_memory = [this] { return machine_; };
    scheduler_.emplace(io_, launcher_, clock_, random_, config);
  }
  // Uses an instance so often, having loaded its code for so long.
  void Use(const Version& version, int times = 1, Duration load = 0ns) {
    for (int i = 0; i < times; ++i) {
      auto lease = AcquireUnloaded(version);
      ASSERT_TRUE(lease);
      if (lease->start() == model::Start::kWarm) continue;
      clock_.Advance(load);
      lease->Loaded();
    }
  }
  bool IsIdle(const std::string& function) {
    return Acquire(Make(function))->start() == model::Start::kWarm;
  }

  MachineMemory machine_{.total = Mebibytes(16'000), .available = Mebibytes(8'000)};
};

TEST_F(MemoryTest, InstanceThatIsUsedOftenOutlivesOneThatWasUsedLater) {
  Watch({.memory_budget = Mebibytes(1024)});
  Use(Make("often"), 5, 10ms);
  Use(Make("later"), 1, 10ms);
  Use(Make("new"));
  EXPECT_TRUE(IsIdle("often"));
  EXPECT_FALSE(IsIdle("later"));
}

TEST_F(MemoryTest, InstanceThatIsSlowToStartOutlivesOneThatIsQuick) {
  Watch({.memory_budget = Mebibytes(1024)});
  Use(Make("slow"), 1, 2s);
  Use(Make("quick"), 1, 1ms);
  Use(Make("new"));
  EXPECT_TRUE(IsIdle("slow"));
}

TEST_F(MemoryTest, LargeInstanceGoesBeforeASmallOneOfTheSameUse) {
  Watch({.memory_budget = Mebibytes(1536)});
  Use(Make("small", 1, 512), 1, 10ms);
  Use(Make("large", 1, 1024), 1, 10ms);
  Use(Make("new"));
  EXPECT_TRUE(IsIdle("small"));
  EXPECT_FALSE(IsIdle("large"));
}

TEST_F(MemoryTest, InstanceThatWasUsedMuchLongAgoGoesInTheEnd) {
  Watch({.memory_budget = Mebibytes(1024)});
  Use(Make("once popular"), 3, 10ms);
  // Each eviction raises what a new instance begins with.
  for (int i = 0; i < 10; ++i) Use(Make("f" + std::to_string(i)), 1, 10ms);
  EXPECT_FALSE(IsIdle("once popular"));
}

TEST_F(MemoryTest, IdleInstancesGoWhenTheMachineRunsShortThoughTheBudgetDoesNot) {
  for (int i = 0; i < 8; ++i) Use(Make("f" + std::to_string(i)), 1 + i, 10ms);
  scheduler_->RelieveMachine();
  EXPECT_EQ(scheduler_->counts().idle, 8);
  machine_.available = Mebibytes(500);  // Of 16,000: less than a twentieth.
  scheduler_->RelieveMachine();
  EXPECT_EQ(scheduler_->counts().idle, 7);
  machine_.available = Mebibytes(8'000);
  scheduler_->RelieveMachine();
  EXPECT_EQ(scheduler_->counts().idle, 7);
  machine_.stalled = 25;  // With half of the memory free it is one function at its own limit.
  scheduler_->RelieveMachine();
  EXPECT_EQ(scheduler_->counts().idle, 7);
  machine_.available = Mebibytes(3'000);
  scheduler_->RelieveMachine();
  EXPECT_EQ(scheduler_->counts().idle, 6);
  machine_.available = Mebibytes(8'000);
  machine_.stalled = 0;
  EXPECT_TRUE(IsIdle("f7"));
  EXPECT_FALSE(IsIdle("f0"));
}

TEST_F(MemoryTest, NothingIsStartedOnAMachineThatIsShortOfMemory) {
  auto running = Acquire(Make("running"));
  machine_.available = Mebibytes(500);
  clock_.Advance(1s);  // What was read a moment ago is believed.
  auto refused = Acquire(Make("new"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), "ResourceExhausted");
  machine_.available = Mebibytes(8'000);
  clock_.Advance(1s);
  EXPECT_TRUE(Acquire(Make("new")));
}

TEST(MachineMemoryTest, IsReadFromTheKernelsTexts) {
  const auto memory = ParseMachineMemory(
      "MemTotal:       24577000 kB\nMemFree:  1 kB\nMemAvailable:   20480000 kB\n",
      "some avg10=1.25 avg60=0.00 avg300=0.00 total=5\nfull avg10=0.50 avg60=0.00\n");
  ASSERT_TRUE(memory);
  EXPECT_EQ(memory->total, Mebibytes(24000));
  EXPECT_EQ(memory->available, Mebibytes(20000));
  EXPECT_EQ(memory->stalled, 1.25);
  EXPECT_EQ(ParseMachineMemory("MemTotal: 2048 kB\nMemAvailable: 1024 kB\n", "")->stalled, 0);
  EXPECT_FALSE(ParseMachineMemory("", ""));
}

TEST(MachineMemoryTest, IsThereOnThisMachine) {
  const auto memory = ReadMachineMemory();
  ASSERT_TRUE(memory);
  EXPECT_GT(memory->total, memory->available);
}

}  // namespace
}  // namespace ebb::scheduler
