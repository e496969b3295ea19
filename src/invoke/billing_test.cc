// What is billed, when, and to which record: every way in which an attempt can end.
#include "invoke/door_fixture.h"

namespace ebb::invoke {
namespace {

// A streamed body of one byte, which may break instead of ending.
class OnePiece : public net::Body {
 public:
  OnePiece(std::optional<Error> breaks_with, std::optional<std::uint64_t> length)
      : breaks_with_(std::move(breaks_with)), length_(length) {}
  Task<Result<std::size_t>> Read(std::span<char> into) override {
    if (!sent_) {
      sent_ = true;
      into[0] = 'x';
      co_return 1;
    }
    if (breaks_with_) co_return Fail(*breaks_with_);
    co_return 0;
  }
  std::optional<std::uint64_t> length() const override { return length_; }

 private:
  bool sent_ = false;
  std::optional<Error> breaks_with_;
  std::optional<std::uint64_t> length_;
};

class BillingTest : public DoorTest {
 protected:
  void AnswerWith(std::optional<Error> breaks_with,
                  std::optional<std::uint64_t> length = std::nullopt, int status = 200) {
    DeployCustom("web");
    launcher_.on_proxy = [=, this](sandbox::FakeSandbox&, net::Request) {
      clock_.Advance(5ms);
      net::Response response;
      response.status = status;
      response.stream = std::make_unique<OnePiece>(breaks_with, length);
      return Result<net::Response>(std::move(response));
    };
  }
  Result<std::size_t> ReadPiece(Attempt& attempt) {
    char byte = 0;
    return RunToEnd(io_, attempt.http->stream->Read({&byte, 1}));
  }
};

TEST_F(BillingTest, WarmAttemptIsBilledFromTheAskingToTheAnswerRoundedUp) {
  Invoke(CallTo("resize"));
  MakeFunctionTake(12ms + 1ns, 9ms, 50 << 20);
  const Attempt attempt = Invoke(CallTo("resize"));
  ASSERT_TRUE(attempt.usage);
  EXPECT_EQ(attempt.usage->start, model::Start::kWarm);
  EXPECT_EQ(attempt.usage->ran, 12ms + 1ns);
  EXPECT_EQ(attempt.usage->billed, 13ms);
  EXPECT_EQ(attempt.usage->cpu_time, 9ms);
  EXPECT_EQ(attempt.usage->peak_memory_bytes, 50 << 20);
  EXPECT_EQ(attempt.usage->outcome, model::Outcome::kOk);
}

TEST_F(BillingTest, ColdAttemptIsBilledWithItsInitializationButNotWithTheLaunch) {
  launcher_.launch_gate.Close();
  launcher_.on_initialize = [this](sandbox::FakeSandbox&) {
    clock_.Advance(100ms);
    return Result<void>();
  };
  MakeFunctionTake(10ms, 0ns, 0);
  std::optional<Attempt> attempt;
  net::TaskGroup caller(io_);
  caller.Spawn("caller", InvokeInto(attempt, *door_, CallTo("resize")));
  Settle();
  clock_.Advance(1s);
  launcher_.launch_gate.Open();
  Settle();
  ASSERT_TRUE(attempt && attempt->usage);
  EXPECT_EQ(attempt->usage->start, model::Start::kCold);
  EXPECT_EQ(attempt->usage->billed, 110ms);
  RunToEnd(io_, caller.Stop());
}

TEST_F(BillingTest, RecordSaysWhoWhatAndHowBig) {
  model::Function function = Function("resize");
  function.config.cpu = MilliCpu(1500);
  function.config.memory = Mebibytes(2048);
  function.config.disk = Mebibytes(10240);
  Deploy(function);
  Call call = CallTo("resize");
  call.request_id = "r1";
  call.trigger = "on-upload";
  call.attempt = 2;
  call.mode = Mode::kAsync;
  const Attempt attempt = Invoke(std::move(call));
  const model::UsageRecord& usage = *attempt.usage;
  EXPECT_EQ(usage.request_id, "r1");
  EXPECT_EQ(usage.attempt, 2);
  EXPECT_EQ(usage.account, "1234567890123456");
  EXPECT_EQ(usage.function, "resize");
  EXPECT_EQ(usage.version, "LATEST");
  EXPECT_EQ(usage.trigger, "on-upload");
  EXPECT_EQ(usage.cpu, MilliCpu(1500));
  EXPECT_EQ(usage.memory, Mebibytes(2048));
  EXPECT_EQ(usage.disk, Mebibytes(10240));
  EXPECT_EQ(usage.started, clock_.WallNow());
  EXPECT_EQ(launcher_.calls_seen[0].retry_count, 1);
}

TEST_F(BillingTest, PeakMemoryAndCpuTimeAreThoseOfTheAttemptAlone) {
  MakeFunctionTake(1ms, 40ms, 400 << 20);
  Invoke(CallTo("resize"));
  MakeFunctionTake(1ms, 2ms, 30 << 20);
  const Attempt attempt = Invoke(CallTo("resize"));
  EXPECT_EQ(attempt.usage->peak_memory_bytes, 30 << 20);
  EXPECT_EQ(attempt.usage->cpu_time, 2ms);
}

TEST_F(BillingTest, CrashedAttemptIsBilledForWhatRan) {
  MakeFunctionFail(Error::FunctionFailed("exit 1").WithCode("ProcessExited"));
  EXPECT_EQ(Invoke(CallTo("resize")).usage->billed, 45ms);
}

TEST_F(BillingTest, CallerThatLeavesIsBilledForWhatRanAndItsInstanceIsKilled) {
  launcher_.call_gate.Close();
  auto attempt = InvokeAndLeave(CallTo("resize"));
  EXPECT_FALSE(attempt && attempt->usage);
  ASSERT_EQ(late_.size(), 1u);
  EXPECT_EQ(late_[0].outcome, model::Outcome::kCancelled);
  EXPECT_EQ(late_[0].billed, 7ms);
  EXPECT_EQ(Living(), 0);
}

TEST_F(BillingTest, CallerThatLeavesDuringInitializationIsBilledToo) {
  launcher_.initialize_gate.Close();
  InvokeAndLeave(CallTo("resize"));
  ASSERT_EQ(late_.size(), 1u);
  EXPECT_EQ(late_[0].outcome, model::Outcome::kCancelled);
  EXPECT_EQ(Living(), 0);
}

TEST_F(BillingTest, CallerThatLeavesDuringTheLaunchIsNotBilled) {
  launcher_.launch_gate.Close();
  InvokeAndLeave(CallTo("resize"));
  EXPECT_TRUE(late_.empty());
  launcher_.launch_gate.Open();
  Settle();
  EXPECT_EQ(scheduler_->counts().idle, 1);
}

TEST_F(BillingTest, AsynchronousAttemptThatThePlatformBreaksOffIsNotBilled) {
  launcher_.call_gate.Close();
  Call call = CallTo("resize");
  call.mode = Mode::kAsync;
  InvokeAndLeave(std::move(call));
  EXPECT_TRUE(late_.empty());
  EXPECT_EQ(Living(), 0);
}

TEST_F(BillingTest, StreamedAnswerIsBilledUntilItsBodyEndsAndHoldsTheInstanceUntilThen) {
  AnswerWith({});
  Attempt attempt = Invoke(HttpCallTo("web"));
  ASSERT_TRUE(attempt.http);
  EXPECT_FALSE(attempt.usage);
  EXPECT_EQ(scheduler_->counts().busy, 1);

  EXPECT_EQ(ReadPiece(attempt), 1u);
  clock_.Advance(30ms);
  EXPECT_EQ(ReadPiece(attempt), 0u);
  ASSERT_EQ(late_.size(), 1u);
  EXPECT_EQ(late_[0].billed, 35ms);
  EXPECT_EQ(late_[0].outcome, model::Outcome::kOk);
  EXPECT_EQ(scheduler_->counts().idle, 1);
  EXPECT_EQ(ReadPiece(attempt), 0u);  // Reading on does no harm.
  EXPECT_EQ(late_.size(), 1u);
}

TEST_F(BillingTest, StreamedAnswerOfKnownLengthIsOverWithItsLastByte) {
  AnswerWith({}, 1);
  Attempt attempt = Invoke(HttpCallTo("web"));
  EXPECT_EQ(ReadPiece(attempt), 1u);
  ASSERT_EQ(late_.size(), 1u);
  EXPECT_EQ(late_[0].outcome, model::Outcome::kOk);
  EXPECT_EQ(scheduler_->counts().idle, 1);
}

TEST_F(BillingTest, AnswerWhoseBodyNobodyWillReadIsOverAtOnce) {
  AnswerWith({}, 0);
  EXPECT_TRUE(Invoke(HttpCallTo("web")).usage);
  AnswerWith({}, std::nullopt, 204);
  EXPECT_TRUE(Invoke(HttpCallTo("web")).usage);
  AnswerWith({}, 1);
  Call head = HttpCallTo("web");
  head.http->method = "HEAD";
  EXPECT_TRUE(Invoke(std::move(head)).usage);
  EXPECT_EQ(scheduler_->counts().idle, 1);
}

TEST_F(BillingTest, StreamedAnswerThatIsDroppedIsBilledAsCancelledAndTheInstanceKilled) {
  AnswerWith({});
  Attempt attempt = Invoke(HttpCallTo("web"));
  attempt.http.reset();
  ASSERT_EQ(late_.size(), 1u);
  EXPECT_EQ(late_[0].outcome, model::Outcome::kCancelled);
  EXPECT_EQ(Living(), 0);
}

TEST_F(BillingTest, StreamedAnswerThatBreaksIsBilledAsTheFaultItIs) {
  const std::pair<Error, model::Outcome> ways[] = {
      {Error::DeadlineExceeded("late"), model::Outcome::kTimeout},
      {Error::Unavailable("broke"), model::Outcome::kCrash},
  };
  for (const auto& [error, outcome] : ways) {
    late_.clear();
    AnswerWith(error);
    Attempt attempt = Invoke(HttpCallTo("web"));
    EXPECT_TRUE(ReadPiece(attempt));
    EXPECT_FALSE(ReadPiece(attempt));
    ASSERT_EQ(late_.size(), 1u);
    EXPECT_EQ(late_[0].outcome, outcome);
    EXPECT_EQ(Living(), 0);
  }
}

TEST_F(BillingTest, PassedThroughRequestCarriesFunctionComputesHeadersAndNoForgedOnes) {
  DeployCustom("web");
  net::Headers seen;
  launcher_.on_proxy = [&](sandbox::FakeSandbox&, net::Request request) {
    seen = request.headers;
    return Result<net::Response>(net::Response());
  };
  Call call = HttpCallTo("web");
  call.request_id = "r1";
  call.http->headers.Add("X-Fc-Access-Key-Id", "forged");
  call.http->headers.Add("X-Fc-Request-Id", "forged");
  const Attempt attempt = Invoke(std::move(call));
  EXPECT_EQ(seen.GetJoined("x-fc-request-id"), "r1");
  EXPECT_EQ(seen.GetJoined("x-fc-function-name"), "web");
  EXPECT_FALSE(seen.Has("x-fc-access-key-id"));
  EXPECT_TRUE(attempt.usage);  // Without a stream it is over.
}

TEST_F(BillingTest, PassedThroughRequestThatTimesOutIsAFunctionFault) {
  DeployCustom("web");
  launcher_.on_proxy = [](sandbox::FakeSandbox&, net::Request) -> Result<net::Response> {
    return Fail(Error::FunctionTimeout("killed"));
  };
  const Attempt attempt = Invoke(HttpCallTo("web"));
  EXPECT_FALSE(attempt.http);
  EXPECT_FALSE(attempt.outcome->ok);
  EXPECT_EQ(attempt.usage->outcome, model::Outcome::kTimeout);
}

}  // namespace
}  // namespace ebb::invoke
