// Instances that serve several calls at once.
#include <vector>

#include "scheduler/scheduler_fixture.h"

namespace ebb::scheduler {
namespace {

class ConcurrencyTest : public SchedulerTest {
 protected:
  static Version Web(int concurrency, std::uint64_t revision = 1) {
    Version version = Make("web", revision);
    version.concurrency = concurrency;
    version.make_spec = [concurrency] {
      sandbox::Spec spec;
      spec.concurrency = concurrency;
      return spec;
    };
    return version;
  }
};

TEST_F(ConcurrencyTest, OneInstanceIsLentAsOftenAsItsConcurrencySays) {
  std::vector<Lease> leases;
  leases.reserve(3);
  for (int i = 0; i < 3; ++i) leases.push_back(*Acquire(Web(3)));
  EXPECT_EQ(launcher_.launches, 1);
  EXPECT_EQ(leases[0].start(), model::Start::kCold);
  EXPECT_EQ(leases[2].start(), model::Start::kWarm);
  EXPECT_EQ(leases[2].instance_id(), leases[0].instance_id());
  EXPECT_EQ(scheduler_->counts().busy, 1);
  EXPECT_NE(Acquire(Web(3))->instance_id(), leases[0].instance_id());
  EXPECT_EQ(launcher_.launches, 2);
}

TEST_F(ConcurrencyTest, InstanceIsFrozenOnlyWhenTheLastLeaseIsBack) {
  std::optional<Lease> a = *Acquire(Web(2));
  std::optional<Lease> b = *Acquire(Web(2));
  a.reset();
  EXPECT_EQ(launcher_.freezes, 0);
  b.reset();
  EXPECT_EQ(launcher_.freezes, 1);
  EXPECT_EQ(scheduler_->counts().idle, 1);
}

TEST_F(ConcurrencyTest, TheFullestInstanceIsFilledFirst) {
  std::vector<std::optional<Lease>> leases;
  leases.reserve(6);
  for (int i = 0; i < 6; ++i) leases.emplace_back(*Acquire(Web(3)));
  const std::string second = leases[3]->instance_id();
  leases[0].reset();
  leases[1].reset();
  leases[3].reset();  // The first has one call now, the second two.
  EXPECT_EQ(Acquire(Web(3))->instance_id(), second);
}

TEST_F(ConcurrencyTest, RunningInstanceIsFilledBeforeAnIdleOneIsThawed) {
  std::vector<std::optional<Lease>> leases;
  leases.reserve(6);
  for (int i = 0; i < 3; ++i) leases.emplace_back(*Acquire(Web(2)));
  leases[2].reset();
  leases[1].reset();
  const std::string running = leases[0]->instance_id();
  EXPECT_EQ(Acquire(Web(2))->instance_id(), running);
  EXPECT_EQ(launcher_.thaws, 0);
}

TEST_F(ConcurrencyTest, CallsThatComeTogetherWaitForOneLaunch) {
  launcher_.launch_gate.Close();
  Pending calls[5];
  for (Pending& call : calls) AcquireLater(call, Web(4));
  EXPECT_EQ(scheduler_->counts().starting, 2);
  launcher_.launch_gate.Open();
  Settle();
  // Of each new instance one has it, to load its code; the others wait for that.
  EXPECT_EQ(launcher_.launches, 2);
  int served = 0;
  for (Pending& call : calls) {
    if (call.result && *call.result) ++served;
  }
  EXPECT_EQ(served, 2);
  (*calls[0].result)->Loaded();
  Settle();
  for (Pending& call : calls) EXPECT_TRUE(call.result && *call.result);
  EXPECT_EQ((*calls[4].result)->start(), model::Start::kWarm);
}

TEST_F(ConcurrencyTest, CallThatWaitsForAnotherToLoadHasNoDeadlineOfItsOwn) {
  auto first = AcquireUnloaded(Web(2));
  ASSERT_TRUE(first);
  Pending second;
  const Deadline passed(SystemClock().Now());
  background_.Spawn("acquire", AcquireInto(second, *scheduler_, Web(2), passed));
  Settle();
  EXPECT_FALSE(second.result);
  first->Loaded();
  Settle();
  EXPECT_TRUE(second.result && *second.result);
}

TEST_F(ConcurrencyTest, CodeThatCannotBeLoadedFailsThoseWhoWaitedForIt) {
  std::optional<Lease> first = *AcquireUnloaded(Web(3));
  Pending second, third;
  AcquireLater(second, Web(3));
  AcquireLater(third, Web(3));
  first->FailedToLoad(Error::FunctionFailed("no such module"));
  first.reset();
  Settle();
  ASSERT_TRUE(second.result && third.result);
  EXPECT_EQ(second.result->error().message(), "no such module");
  EXPECT_EQ(third.result->error().message(), "no such module");
  EXPECT_EQ(launcher_.launches, 1);
  EXPECT_EQ(Living(), 0);
}

TEST_F(ConcurrencyTest, CallWhoseLoaderLeftHasAnInstanceLaunchedForIt) {
  std::optional<Lease> first = *AcquireUnloaded(Web(2));
  Pending second;
  AcquireLater(second, Web(2));
  first->Discard();
  first.reset();
  Settle();
  ASSERT_TRUE(second.result && *second.result);
  EXPECT_EQ((*second.result)->start(), model::Start::kCold);
  EXPECT_EQ(launcher_.launches, 2);
}

TEST_F(ConcurrencyTest, DiscardedInstanceTakesNoMoreCallsAndEndsWithTheLast) {
  std::optional<Lease> a = *Acquire(Web(3));
  std::optional<Lease> b = *Acquire(Web(3));
  a->Discard();
  a.reset();
  EXPECT_EQ(Living(), 1);
  EXPECT_NE(Acquire(Web(3))->instance_id(), b->instance_id());
  b.reset();
  EXPECT_EQ(Kills(), 1);
}

TEST_F(ConcurrencyTest, DeadInstanceIsNotLentThoughOthersStillHoldIt) {
  auto lease = Acquire(Web(3));
  dynamic_cast<sandbox::FakeSandbox&>(lease->sandbox()).Die();
  EXPECT_EQ(Acquire(Web(3))->start(), model::Start::kCold);
}

TEST_F(ConcurrencyTest, PlaceThatComesFreeServesWhoWaitsForRoom) {
  Restart({.max_instances_per_function = 1, .admission_wait = 1h});
  std::optional<Lease> a = *Acquire(Web(2));
  std::optional<Lease> b = *Acquire(Web(2));
  Pending third;
  AcquireLater(third, Web(2));
  EXPECT_FALSE(third.result);
  a.reset();
  Settle();
  ASSERT_TRUE(third.result && *third.result);
  EXPECT_EQ((*third.result)->instance_id(), b->instance_id());
}

TEST_F(ConcurrencyTest, FailedLaunchFailsThoseWhoHaveNoPlaceInAnother) {
  launcher_.launch_gate.Close();
  Pending calls[4];
  for (Pending& call : calls) AcquireLater(call, Web(2));
  launcher_.fail_next = Error::Unavailable("no");
  launcher_.launch_gate.Open();
  Settle();
  int failed = 0;
  for (Pending& call : calls) failed += call.result && !*call.result ? 1 : 0;
  EXPECT_EQ(failed, 2);
}

TEST_F(ConcurrencyTest, OutputGoesToTheFirstSinkUntilAllLeasesAreBack) {
  std::string first;
  std::string second;
  std::optional<Lease> a = *Acquire(Web(2));
  a->SetOutput([&](std::string_view bytes) { first += bytes; });
  std::optional<Lease> b = *Acquire(Web(2));
  b->SetOutput([&](std::string_view bytes) { second += bytes; });
  auto& sandbox = dynamic_cast<sandbox::FakeSandbox&>(b->sandbox());
  a.reset();
  sandbox.Print("x");
  EXPECT_EQ(first + "|" + second, "x|");
  b.reset();
  auto c = Acquire(Web(2));
  c->SetOutput([&](std::string_view bytes) { second += bytes; });
  sandbox.Print("y");
  EXPECT_EQ(first + "|" + second, "x|y");
}

}  // namespace
}  // namespace ebb::scheduler
