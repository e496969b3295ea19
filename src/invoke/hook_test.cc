// Initializers and last hooks: when they run, what is logged and what is billed.
#include "invoke/door_fixture.h"

namespace ebb::invoke {
namespace {

class HookTest : public DoorTest {
 protected:
  void SetUp() override {
    DoorTest::SetUp();
    model::Function function = Function("resize");
    function.config.initializer = {
        .handler = "index.init", .command = {}, .timeout = std::chrono::seconds(7)};
    function.config.pre_stop = {
        .handler = "index.stop", .command = {}, .timeout = std::chrono::seconds(9)};
    Deploy(std::move(function));
    launcher_.on_hook = [this](sandbox::FakeSandbox& sandbox, const sandbox::Hook& hook) {
      clock_.Advance(20ms);
      sandbox.Print("hook " + hook.handler + "\n");
      return hook_result_;
    };
    MakeFunctionTake(10ms, 0ns, 0);
  }
  ~HookTest() override { RunToEnd(io_, scheduler_->Stop()); }

  void LetItExpire() {
    clock_.Advance(1h);
    scheduler_->DestroyExpired();
    Settle();
  }

  Result<void> hook_result_;
};

TEST_F(HookTest, InitializerRunsOnceBeforeTheFirstCallAndIsBilledWithIt) {
  const Attempt first = Invoke(CallTo("resize"));
  ASSERT_TRUE(first.usage);
  EXPECT_EQ(first.usage->billed, 30ms);
  const Attempt second = Invoke(CallTo("resize"));
  EXPECT_EQ(second.usage->billed, 10ms);
  ASSERT_EQ(launcher_.hooks_seen.size(), 1u);
  EXPECT_EQ(launcher_.hooks_seen[0].handler, "index.init");
  EXPECT_EQ(launcher_.hooks_seen[0].call.request_id, first.request_id);
}

class CommandTest : public HookTest {
 protected:
  void SetUp() override {
    HookTest::SetUp();
    model::Function function = Function("resize");
    function.config.runtime = "custom.debian12";
    function.config.initializer = {
        .handler = {}, .command = {"/code/prepare", "--all"}, .timeout = 30s};
    Deploy(std::move(function));
  }
};

TEST_F(CommandTest, InitializerMayBeAProgramWhoseOutputIsTheFunctions) {
  launcher_.guest_output = "prepared\n";
  const Attempt attempt = Invoke(CallTo("resize"));
  ASSERT_TRUE(attempt.outcome);
  EXPECT_TRUE(attempt.outcome->ok);
  ASSERT_EQ(launcher_.guest_specs.size(), 1u);
  EXPECT_EQ(launcher_.guest_specs[0].command, (std::vector<std::string>{"/code/prepare", "--all"}));
  EXPECT_EQ(launcher_.hooks_seen.size(), 0u);
  EXPECT_TRUE(log_.text.contains("\nprepared\nFC Initialize End")) << log_.text;
  EXPECT_EQ(launcher_.guests, 0);
}

TEST_F(CommandTest, ProgramThatFailsIsAnInitializationErrorAndTheInstanceEnds) {
  launcher_.guest_code = 3;
  const Attempt attempt = Invoke(CallTo("resize"));
  ASSERT_TRUE(attempt.outcome && attempt.usage);
  EXPECT_EQ(attempt.outcome->error_type, "InitializationError");
  EXPECT_TRUE(attempt.outcome->body.contains("/code/prepare ended with exit code 3"))
      << attempt.outcome->body;
  EXPECT_EQ(attempt.usage->outcome, model::Outcome::kInitError);
  EXPECT_EQ(launcher_.calls, 0);
  EXPECT_EQ(Living(), 0);
}

TEST_F(CommandTest, ProgramThatCannotBeRunIsNamed) {
  launcher_.guest_code = Fail(Error::FunctionFailed("'/code/prepare' cannot be run"));
  const Attempt attempt = Invoke(CallTo("resize"));
  EXPECT_TRUE(attempt.outcome->body.contains("'/code/prepare' cannot be run"));
}

TEST_F(HookTest, FirstCallIsNotSentAheadOfAnInitializer) {
  Invoke(CallTo("resize"));
  EXPECT_TRUE(launcher_.expected.empty());
}

TEST_F(HookTest, InitializerIsLoggedBetweenFunctionComputesLines) {
  const std::string id = Invoke(CallTo("resize")).request_id;
  const std::string wanted = "FC Initialize Start RequestId: " + id + "\nhook index.init\n" +
                             "FC Initialize End RequestId: " + id +
                             "\nFC Invoke Start RequestId: " + id + "\n";
  EXPECT_TRUE(log_.text.starts_with(wanted)) << log_.text;
}

TEST_F(HookTest, FailedInitializerIsAnInitializationErrorInItsOwnWordsAndTheInstanceEnds) {
  const std::string body =
      R"({"errorMessage":"no database","errorType":"OSError","stackTrace":[]})";
  hook_result_ = Fail(Error::FunctionFailed(body).WithCode("HookFailed"));
  const Attempt attempt = Invoke(CallTo("resize"));
  ASSERT_TRUE(attempt.outcome && attempt.usage);
  EXPECT_EQ(attempt.outcome->error_type, "InitializationError");
  EXPECT_EQ(attempt.outcome->body, body);
  EXPECT_EQ(attempt.usage->outcome, model::Outcome::kInitError);
  EXPECT_EQ(launcher_.calls, 0);
  EXPECT_EQ(Living(), 0);
}

TEST_F(HookTest, InitializerThatTakesTooLongIsToldWithItsOwnLimit) {
  hook_result_ = Fail(Error::FunctionTimeout("late"));
  const Attempt attempt = Invoke(CallTo("resize"));
  ASSERT_TRUE(attempt.outcome);
  EXPECT_TRUE(attempt.outcome->body.contains("initialization time out after 7 seconds"))
      << attempt.outcome->body;
  EXPECT_EQ(attempt.usage->outcome, model::Outcome::kTimeout);
}

TEST_F(HookTest, LastHookOfAnInstanceIsLoggedAndItsTimeBilledAsNoCall) {
  Invoke(CallTo("resize"));
  log_.text.clear();
  LetItExpire();
  ASSERT_EQ(late_.size(), 1u);
  EXPECT_EQ(late_[0].trigger, "preStop");
  EXPECT_EQ(late_[0].attempt, model::kHookAttempt);
  EXPECT_EQ(late_[0].billed, 20ms);
  EXPECT_EQ(late_[0].outcome, model::Outcome::kOk);
  EXPECT_EQ(log_.text, "FC PreStop Start RequestId: " + late_[0].request_id +
                           "\nhook index.stop\nFC PreStop End RequestId: " + late_[0].request_id +
                           "\n");
  EXPECT_EQ(Living(), 0);
}

TEST_F(HookTest, FailedLastHookIsInTheLogAndTheRecord) {
  Invoke(CallTo("resize"));
  hook_result_ = Fail(Error::FunctionFailed("cannot flush").WithCode("HookFailed"));
  LetItExpire();
  ASSERT_EQ(late_.size(), 1u);
  EXPECT_EQ(late_[0].outcome, model::Outcome::kFunctionError);
  EXPECT_TRUE(log_.text.contains("cannot flush"));
}

TEST_F(HookTest, NoLastHookAfterACrash) {
  Invoke(CallTo("resize"));
  MakeFunctionFail(Error::FunctionFailed("ended").WithCode("ProcessExited"));
  Invoke(CallTo("resize"));
  LetItExpire();
  EXPECT_EQ(launcher_.hooks_seen.size(), 1u);  // The initializer.
}

}  // namespace
}  // namespace ebb::invoke
