// Asking instances in use whether they are well.
#include "scheduler/scheduler_fixture.h"

namespace ebb::scheduler {
namespace {

class ProbeTest : public SchedulerTest {
 protected:
  ~ProbeTest() override {
    launcher_.probe_gate.Open();
    RunToEnd(io_, scheduler_->Stop());
  }

  static Version Watched() {
    Version version = Make("web");
    version.make_spec = [] {
      sandbox::Spec spec;
      spec.health = sandbox::HealthCheck{
          .path = "/ready", .period = 3s, .timeout = 1s, .failure_threshold = 2};
      return spec;
    };
    return version;
  }
  void AskAfter(Duration time) {
    clock_.Advance(time);
    scheduler_->ProbeDue();
    Settle();
  }
  void BeUnwell() {
    launcher_.on_probe = [](sandbox::FakeSandbox&) {
      return Result<void>(Fail(Error::Unavailable("503")));
    };
  }
};

TEST_F(ProbeTest, InstanceInUseIsAskedOnceAPeriod) {
  auto lease = Acquire(Watched());
  AskAfter(3s - 1ns);
  EXPECT_EQ(launcher_.probes, 0);
  AskAfter(1ns);
  EXPECT_EQ(launcher_.probes, 1);
  AskAfter(1s);
  EXPECT_EQ(launcher_.probes, 1);
  AskAfter(2s);
  EXPECT_EQ(launcher_.probes, 2);
}

TEST_F(ProbeTest, InstanceWithoutAHealthCheckIsNotAsked) {
  auto lease = Acquire(Make("resize"));
  AskAfter(1h);
  EXPECT_EQ(launcher_.probes, 0);
}

TEST_F(ProbeTest, FrozenInstanceIsNotAskedAndItsPeriodGoesOnWhenItIsLentAgain) {
  {
    auto lease = Acquire(Watched());
    clock_.Advance(2s);
  }
  AskAfter(1min);
  EXPECT_EQ(launcher_.probes, 0);
  auto lease = Acquire(Watched());
  AskAfter(1s);
  EXPECT_EQ(launcher_.probes, 1);
}

TEST_F(ProbeTest, InstanceThatIsNotWellTwiceInARowTakesNoMoreCallsAndEndsWithItsLast) {
  std::optional<Lease> lease = *Acquire(Watched());
  BeUnwell();
  AskAfter(3s);
  launcher_.on_probe = [](sandbox::FakeSandbox&) { return Result<void>(); };
  AskAfter(3s);
  BeUnwell();
  AskAfter(3s);
  const std::string id = lease->instance_id();
  lease.reset();
  lease = *Acquire(Watched());  // One failure in a row so far.
  EXPECT_EQ(lease->instance_id(), id);
  AskAfter(3s);
  EXPECT_EQ(Living(), 1);  // The call it has goes on.
  lease.reset();
  EXPECT_EQ(Living(), 0);
  EXPECT_EQ(Acquire(Watched())->start(), model::Start::kCold);
}

TEST_F(ProbeTest, InstanceIsNotFrozenWhileItIsAskedAndCanBeLentMeanwhile) {
  std::optional<Lease> lease = *Acquire(Watched());
  const std::string id = lease->instance_id();
  launcher_.probe_gate.Close();
  AskAfter(3s);
  lease.reset();
  EXPECT_EQ(launcher_.freezes, 0);
  lease = *Acquire(Watched());
  EXPECT_EQ(lease->instance_id(), id);
  lease.reset();
  launcher_.probe_gate.Open();
  Settle();
  EXPECT_EQ(launcher_.freezes, 1);
  EXPECT_EQ(scheduler_->counts().idle, 1);
}

}  // namespace
}  // namespace ebb::scheduler
