// The receipt of a cold start: in the usage record and in the function's log.
#include "base/json.h"
#include "invoke/door_fixture.h"

namespace ebb::invoke {
namespace {

class ColdStartTest : public DoorTest {
 protected:
  ColdStartTest() {
    launcher_.report = {.path = model::StartPath::kFork, .sandbox = 3ms, .runtime = 2ms};
    launcher_.on_initialize = [this](sandbox::FakeSandbox&) {
      clock_.Advance(11ms);
      return Result<void>();
    };
    MakeFunctionTake(7ms, 1ms, 1 << 20);
  }
};

TEST_F(ColdStartTest, ReceiptSaysWhyHowAndHowLong) {
  const Attempt attempt = Invoke(CallTo("resize"));
  ASSERT_TRUE(attempt.usage && attempt.usage->cold_start);
  const model::ColdStart& cold = *attempt.usage->cold_start;
  EXPECT_EQ(cold.cause, model::ColdCause::kFirst);
  EXPECT_EQ(cold.path, model::StartPath::kFork);
  EXPECT_EQ(cold.sandbox, 3ms);
  EXPECT_EQ(cold.runtime, 2ms);
  EXPECT_EQ(cold.init, 11ms);
  EXPECT_EQ(cold.first_byte, 7ms);
}

TEST_F(ColdStartTest, ReceiptIsALineOfTheFunctionsLog) {
  Call call = CallTo("resize");
  call.request_id = "r1";
  Invoke(std::move(call));
  const std::string intro = "FC Cold Start RequestId: r1 ";
  const std::size_t at = log_.text.find(intro);
  ASSERT_NE(at, std::string::npos) << log_.text;
  const std::string line = log_.text.substr(at, log_.text.find('\n', at) - at);
  auto receipt = json::ParseObject(line.substr(intro.size()));
  ASSERT_TRUE(receipt) << line;
  EXPECT_EQ(receipt->at("cause"), "first");
  EXPECT_EQ(receipt->at("path"), "fork");
  EXPECT_EQ(receipt->at("initMs"), 11.0);
  EXPECT_EQ(receipt->at("firstByteMs"), 7.0);
}

TEST_F(ColdStartTest, WarmStartHasNone) {
  Invoke(CallTo("resize"));
  log_.text.clear();
  const Attempt warm = Invoke(CallTo("resize"));
  EXPECT_FALSE(warm.usage->cold_start);
  EXPECT_FALSE(log_.text.contains("Cold Start")) << log_.text;
}

TEST_F(ColdStartTest, CodeThatCannotBeLoadedHasAReceiptWithoutAFirstByte) {
  launcher_.on_initialize = [this](sandbox::FakeSandbox&) {
    clock_.Advance(4ms);
    return Result<void>(Fail(Error::FunctionFailed("no module")));
  };
  const Attempt attempt = Invoke(CallTo("resize"));
  ASSERT_TRUE(attempt.usage && attempt.usage->cold_start);
  EXPECT_EQ(attempt.usage->cold_start->init, 4ms);
  EXPECT_EQ(attempt.usage->cold_start->first_byte, 0ms);
}

TEST_F(ColdStartTest, PassedThroughRequestIsClosedByTheHeadOfTheAnswer) {
  DeployCustom("web");
  launcher_.on_proxy = [this](sandbox::FakeSandbox&, net::Request) {
    clock_.Advance(9ms);
    return Result<net::Response>(net::Response());
  };
  const Attempt attempt = Invoke(HttpCallTo("web"));
  ASSERT_TRUE(attempt.usage && attempt.usage->cold_start);
  EXPECT_EQ(attempt.usage->cold_start->first_byte, 9ms);
}

TEST_F(ColdStartTest, UpdatedFunctionStartsAgainBecauseOfTheDeployment) {
  Invoke(CallTo("resize"));
  model::Function next = Function("resize");
  next.revision = 2;
  Deploy(next);
  scheduler_->Retire(next.id, 2);
  const Attempt attempt = Invoke(CallTo("resize"));
  EXPECT_EQ(attempt.usage->cold_start->cause, model::ColdCause::kDeploy);
}

TEST_F(ColdStartTest, FunctionThatCrashedStartsAgainBecauseOfIt) {
  MakeFunctionFail(Error::FunctionFailed("gone").WithCode("ProcessExited"));
  Invoke(CallTo("resize"));
  const Attempt attempt = Invoke(CallTo("resize"));
  EXPECT_EQ(attempt.usage->cold_start->cause, model::ColdCause::kCrash);
}

}  // namespace
}  // namespace ebb::invoke
