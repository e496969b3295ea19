// Calls that one instance serves at the same time: errors, bills and logs of each.
#include "invoke/door_fixture.h"

namespace ebb::invoke {
namespace {

class OverlapTest : public DoorTest {
 protected:
  void SetUp() override {
    DoorTest::SetUp();
    model::Function web = Function("web");
    web.config.runtime = "custom.debian12";
    web.config.instance_concurrency = 10;
    Deploy(std::move(web));
  }

  // Begins a call and lets it come as far as it can.
  void Begin(std::optional<Attempt>& attempt) {
    callers_.Spawn("caller", InvokeInto(attempt, *door_, CallTo("web")));
    Settle();
  }

  net::TaskGroup callers_{io_};
};

TEST_F(OverlapTest, CallsShareOneInstanceAndItsTimeIsBilledOnce) {
  launcher_.call_gate.Close();
  std::optional<Attempt> calls[4];
  for (auto& call : calls) {
    Begin(call);
    clock_.Advance(10ms);
  }
  EXPECT_EQ(launcher_.call_gate.waiting(), 4);
  launcher_.call_gate.Open();
  Settle();
  Millis billed{};
  int cold = 0;
  for (auto& call : calls) {
    ASSERT_TRUE(call && call->outcome && call->outcome->ok && call->usage);
    EXPECT_EQ(call->instance_id, calls[0]->instance_id);
    billed += call->usage->billed;
    cold += call->usage->start == model::Start::kCold;
  }
  EXPECT_EQ(launcher_.launches, 1);
  EXPECT_EQ(launcher_.initializations, 1);
  EXPECT_EQ(cold, 1);
  EXPECT_EQ(calls[0]->usage->ran, 40ms);
  EXPECT_EQ(calls[3]->usage->ran, 10ms);
  EXPECT_EQ(billed, 40ms);
}

TEST_F(OverlapTest, CrashFailsEveryCallOfTheInstance) {
  launcher_.call_gate.Close();
  std::optional<Attempt> calls[3];
  for (auto& call : calls) Begin(call);
  launcher_.on_invoke = [](sandbox::FakeSandbox& sandbox, const sandbox::Call&) {
    sandbox.Die();
    return Result<sandbox::Reply>(Fail(Error::FunctionFailed("ended").WithCode("ProcessExited")));
  };
  launcher_.call_gate.Open();
  Settle();
  for (auto& call : calls) {
    ASSERT_TRUE(call && call->outcome && call->usage);
    EXPECT_EQ(call->outcome->error_type, "UnhandledInvocationError");
    EXPECT_EQ(call->usage->outcome, model::Outcome::kCrash);
  }
  EXPECT_EQ(Living(), 0);
}

TEST_F(OverlapTest, CallThatFailsAloneLeavesTheOthersToFinishOnAnInstanceThatTakesNoMore) {
  launcher_.call_gate.Close();
  std::optional<Attempt> failing;
  std::optional<Attempt> fine;
  Begin(failing);
  Begin(fine);
  launcher_.on_invoke = [n = 0](sandbox::FakeSandbox&, const sandbox::Call&) mutable {
    if (n++ > 0) return Result<sandbox::Reply>(sandbox::Reply());
    return Result<sandbox::Reply>(Fail(Error::FunctionTimeout("late")));
  };
  launcher_.call_gate.Open();
  Settle();
  ASSERT_TRUE(failing && failing->usage && fine && fine->usage);
  EXPECT_EQ(failing->usage->outcome, model::Outcome::kTimeout);
  EXPECT_EQ(fine->usage->outcome, model::Outcome::kOk);
  EXPECT_EQ(Living(), 0);
}

TEST_F(OverlapTest, CallerWhoLeavesDoesNotEndTheInstance) {
  Invoke(CallTo("web"));
  launcher_.call_gate.Close();
  std::optional<Attempt> stays;
  Begin(stays);
  InvokeAndLeave(CallTo("web"));
  ASSERT_EQ(late_.size(), 1u);
  EXPECT_EQ(late_[0].outcome, model::Outcome::kCancelled);
  launcher_.call_gate.Open();
  Settle();
  ASSERT_TRUE(stays && stays->usage);
  EXPECT_EQ(stays->usage->outcome, model::Outcome::kOk);
  EXPECT_EQ(stays->usage->billed + late_[0].billed, 7ms);
  EXPECT_EQ(Living(), 1);
}

TEST_F(OverlapTest, CodeThatCannotBeLoadedIsToldToAllWhoWaitedAndBilledOnce) {
  launcher_.initialize_gate.Close();
  launcher_.on_initialize = [](sandbox::FakeSandbox&) {
    return Result<void>(Fail(Error::FunctionFailed("no module").WithCode("ImportError")));
  };
  std::optional<Attempt> calls[3];
  for (auto& call : calls) Begin(call);
  launcher_.initialize_gate.Open();
  Settle();
  int billed = 0;
  for (auto& call : calls) {
    ASSERT_TRUE(call && call->outcome);
    EXPECT_EQ(call->outcome->error_type, "InitializationError");
    EXPECT_TRUE(call->outcome->body.contains("no module")) << call->outcome->body;
    billed += call->usage ? 1 : 0;
  }
  EXPECT_EQ(billed, 1);
  EXPECT_EQ(launcher_.launches, 1);
}

TEST_F(OverlapTest, OutputIsLoggedUnderNoRequestAndIsNotInTheTail) {
  launcher_.on_invoke = [](sandbox::FakeSandbox& sandbox, const sandbox::Call&) {
    sandbox.Print("whose?\n");
    return Result<sandbox::Reply>(sandbox::Reply());
  };
  std::string request_of_output;
  log_.on_write = [&](const OutputLog::Source& source, std::string_view bytes) {
    if (bytes == "whose?\n") request_of_output = source.request_id;
  };
  const Attempt attempt = Invoke(CallTo("web"));
  EXPECT_EQ(request_of_output, "-");
  EXPECT_EQ(attempt.log_tail, "");
  EXPECT_TRUE(log_.text.contains("FC Invoke Start RequestId: " + attempt.request_id));
  EXPECT_EQ(log_.ended, 2);  // The request's source and the instance's.
}

}  // namespace
}  // namespace ebb::invoke
