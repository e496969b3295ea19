// What the door answers: admission, what an instance is given, and every way in which it fails.
#include "invoke/door.h"

#include "base/json.h"
#include "invoke/door_fixture.h"

namespace ebb::invoke {
namespace {

json::object BodyOf(const Attempt& attempt) {
  EXPECT_TRUE(attempt.outcome);
  auto body = json::ParseObject(attempt.outcome->body);
  EXPECT_TRUE(body) << attempt.outcome->body;
  return body ? *body : json::object();
}

TEST_F(DoorTest, SandboxIsToldOfTheFirstCallBeforeItLoadsTheCodeAndOfNoOther) {
  Call call = CallTo("resize");
  call.payload = "first";
  const std::string first = Invoke(std::move(call)).request_id;
  Invoke(CallTo("resize"));
  ASSERT_EQ(launcher_.expected.size(), 1u);
  EXPECT_EQ(launcher_.expected[0].request_id, first);
  EXPECT_EQ(launcher_.expected[0].payload, "first");
}

TEST_F(DoorTest, AnswerOfTheFunctionComesBackWithWhoGaveIt) {
  const Attempt attempt = Invoke(CallTo("resize", "hello"));
  ASSERT_TRUE(attempt.outcome);
  EXPECT_TRUE(attempt.outcome->ok);
  EXPECT_EQ(attempt.outcome->body, "hello");
  EXPECT_EQ(attempt.request_id.size(), 2u + 8 + 1 + 24);
  EXPECT_EQ(attempt.version, "LATEST");
  EXPECT_EQ(attempt.code_checksum, "77");
  EXPECT_TRUE(attempt.instance_id.starts_with("c-"));
}

TEST_F(DoorTest, RequestIdOfTheCallerIsKept) {
  Call call = CallTo("resize");
  call.request_id = "1-65f00000-abcdef";
  EXPECT_EQ(Invoke(std::move(call)).request_id, "1-65f00000-abcdef");
  EXPECT_EQ(launcher_.calls_seen[0].request_id, "1-65f00000-abcdef");
}

TEST_F(DoorTest, CodeIsLoadedOnceForAnInstanceThatServesTwice) {
  Invoke(CallTo("resize"));
  Invoke(CallTo("resize"));
  EXPECT_EQ(launcher_.initializations, 1);
  EXPECT_EQ(launcher_.launches, 1);
}

TEST_F(DoorTest, UnknownFunctionIsNotFound) {
  const Attempt attempt = Invoke(CallTo("nobody"));
  EXPECT_EQ(attempt.outcome.error().kind(), ErrorKind::kNotFound);
  EXPECT_EQ(attempt.outcome.error().code(), "FunctionNotFound");
  EXPECT_FALSE(attempt.usage);
}

TEST_F(DoorTest, FunctionOfAnotherAccountIsNotFound) {
  Call call = CallTo("resize");
  call.account = "9999999999999999";
  EXPECT_EQ(Invoke(std::move(call)).outcome.error().code(), "FunctionNotFound");
}

TEST_F(DoorTest, OnlyLatestIsAVersion) {
  Call latest = CallTo("resize");
  latest.qualifier = "LATEST";
  EXPECT_TRUE(Invoke(std::move(latest)).outcome);
  Call other = CallTo("resize");
  other.qualifier = "prod";
  const Attempt attempt = Invoke(std::move(other));
  EXPECT_EQ(attempt.outcome.error().kind(), ErrorKind::kNotFound);
  EXPECT_EQ(attempt.outcome.error().code(), "VersionNotFound");
}

TEST_F(DoorTest, PayloadLimitsAreThoseOfTheMode) {
  Call sync = CallTo("resize", std::string(128 * 1024 + 1, 'x'));
  EXPECT_TRUE(Invoke(std::move(sync)).outcome);
  Call async = CallTo("resize", std::string(128 * 1024 + 1, 'x'));
  async.mode = Mode::kAsync;
  const Attempt refused = Invoke(std::move(async));
  EXPECT_EQ(refused.outcome.error().kind(), ErrorKind::kInvalid);
  EXPECT_EQ(refused.outcome.error().code(), "EntityTooLarge");
  Call huge = CallTo("resize", std::string(32 * 1024 * 1024 + 1, 'x'));
  EXPECT_EQ(Invoke(std::move(huge)).outcome.error().code(), "EntityTooLarge");
}

TEST_F(DoorTest, CallOverTheInstanceLimitIsThrottledAndNotBilled) {
  RebuildDoor({}, {.max_instances_per_function = 1});
  launcher_.call_gate.Close();
  std::optional<Attempt> busy;
  net::TaskGroup caller(io_);
  caller.Spawn("caller", InvokeInto(busy, *door_, CallTo("resize")));
  Settle();
  const Attempt refused = Invoke(CallTo("resize"));
  EXPECT_EQ(refused.outcome.error().kind(), ErrorKind::kThrottled);
  EXPECT_EQ(refused.outcome.error().code(), "ResourceExhausted");
  EXPECT_FALSE(refused.usage);
  RunToEnd(io_, caller.Stop());
}

TEST_F(DoorTest, FailedLaunchIsUnavailableAndNotBilled) {
  launcher_.fail_next = Error::Unavailable("step seccomp: EINVAL");
  const Attempt attempt = Invoke(CallTo("resize"));
  EXPECT_EQ(attempt.outcome.error().kind(), ErrorKind::kUnavailable);
  EXPECT_FALSE(attempt.usage);
}

TEST_F(DoorTest, InstanceIsMadeOfWhatIsDeployed) {
  model::Function function = Function("resize");
  function.config.environment = {{"COLOR", "blue"}, {"FC_REGION", "mine"}};
  function.config.memory = Mebibytes(1024);
  Deploy(function);
  Invoke(CallTo("resize"));
  const sandbox::Spec& spec = launcher_.specs[0];
  EXPECT_EQ(spec.code, "/packages/abc/code");
  EXPECT_EQ(spec.handler, "index.handler");
  EXPECT_EQ(spec.memory, Mebibytes(1024));
  EXPECT_EQ(spec.environment.at("COLOR"), "blue");
  EXPECT_EQ(spec.environment.at("FC_REGION"), "local");  // FC_* are reserved.
  EXPECT_EQ(spec.environment.at("FC_FUNCTION_NAME"), "resize");
  EXPECT_EQ(spec.environment.at("FC_FUNCTION_MEMORY_SIZE"), "1024");
  EXPECT_EQ(spec.environment.at("FC_ACCOUNT_ID"), "1234567890123456");
  EXPECT_EQ(spec.environment.at("EBB_S3_ENDPOINT"), "http://127.0.0.1:9010");
  auto context = json::ParseObject(spec.context_json);
  ASSERT_TRUE(context);
  EXPECT_EQ(context->at("region").as_string(), "local");
  EXPECT_EQ(context->at("function").at("timeout").as_int64(), 3);
}

TEST_F(DoorTest, OnlyAFunctionWithARoleIsGivenKeys) {
  Invoke(CallTo("resize"));
  EXPECT_EQ(launcher_.calls_seen[0].access_key_id, "");
  EXPECT_FALSE(launcher_.specs[0].environment.contains("ALIBABA_CLOUD_ACCESS_KEY_ID"));

  model::Function trusted = Function("trusted");
  trusted.config.role = "acs:ram::1234567890123456:role/fc";
  Deploy(trusted);
  Invoke(CallTo("trusted"));
  EXPECT_EQ(launcher_.calls_seen[1].access_key_id, "STS.1");
  EXPECT_EQ(launcher_.calls_seen[1].access_key_secret, "s-trusted");
  EXPECT_EQ(launcher_.specs[1].environment.at("ALIBABA_CLOUD_SECURITY_TOKEN"), "token");
}

TEST_F(DoorTest, EveryAttemptMeetsWhatIsDeployedByThen) {
  Invoke(CallTo("resize"));
  model::Function updated = Function("resize");
  updated.revision = 2;
  updated.config.handler = "index.other";
  Deploy(updated);
  Invoke(CallTo("resize"));
  EXPECT_EQ(launcher_.specs.at(1).handler, "index.other");
}

TEST_F(DoorTest, RetiredRevisionsAndDeletedFunctionsLoseTheirInstances) {
  Deploy(Function("other"));
  Retirement retirement(*scheduler_, [this] { return snapshot_; });
  Invoke(CallTo("resize"));
  Invoke(CallTo("other"));
  model::Function updated = Function("resize");
  updated.revision = 2;
  Deploy(updated);
  retirement.OnChange();
  EXPECT_EQ(Living(), 1);
  snapshot_ = std::make_shared<catalog::Snapshot>();
  retirement.OnChange();
  EXPECT_EQ(Living(), 0);
}

TEST_F(DoorTest, RaisedErrorIsPassedOnAndTheInstanceServesAgain) {
  launcher_.on_invoke = [](sandbox::FakeSandbox&, const sandbox::Call&) -> Result<sandbox::Reply> {
    return sandbox::Reply{.ok = false, .error_type = {}, .body = R"({"errorMessage":"boom"})"};
  };
  const Attempt attempt = Invoke(CallTo("resize"));
  EXPECT_FALSE(attempt.outcome->ok);
  EXPECT_EQ(attempt.outcome->error_type, "UnhandledInvocationError");
  EXPECT_EQ(BodyOf(attempt).at("errorMessage").as_string(), "boom");
  EXPECT_EQ(attempt.usage->outcome, model::Outcome::kFunctionError);
  EXPECT_EQ(Living(), 1);
}

TEST_F(DoorTest, ReportedErrorKeepsItsType) {
  launcher_.on_invoke = [](sandbox::FakeSandbox&, const sandbox::Call&) -> Result<sandbox::Reply> {
    return sandbox::Reply{.ok = false, .error_type = "HandledInvocationError", .body = "{}"};
  };
  EXPECT_EQ(Invoke(CallTo("resize")).outcome->error_type, "HandledInvocationError");
}

TEST_F(DoorTest, TimeoutSaysAfterHowLong) {
  MakeFunctionFail(Error::FunctionTimeout("killed"));
  const Attempt attempt = Invoke(CallTo("resize"));
  EXPECT_FALSE(attempt.outcome->ok);
  EXPECT_EQ(attempt.outcome->error_type, "UnhandledInvocationError");
  EXPECT_EQ(BodyOf(attempt).at("errorMessage").as_string(), "Function time out after 3 seconds");
  EXPECT_EQ(attempt.usage->outcome, model::Outcome::kTimeout);
  EXPECT_NE(log_.text.find("Function time out after 3 seconds\n"), std::string::npos);
  EXPECT_EQ(Living(), 0);
}

TEST_F(DoorTest, CrashSaysHowLongItRanAndHowMuchMemoryItTook) {
  MakeFunctionFail(Error::FunctionFailed("exit 1").WithCode("ProcessExited"));
  const Attempt attempt = Invoke(CallTo("resize"));
  EXPECT_EQ(attempt.outcome->error_type, "UnhandledInvocationError");
  EXPECT_EQ(BodyOf(attempt).at("errorMessage").as_string(),
            "Process exited unexpectedly before completing request (duration: 45ms, "
            "maxMemoryUsage: 3.00MB)");
  EXPECT_EQ(attempt.usage->outcome, model::Outcome::kCrash);
}

TEST_F(DoorTest, OutOfMemorySaysSo) {
  MakeFunctionFail(Error::FunctionFailed("killed").WithCode("FunctionOOMError"));
  const Attempt attempt = Invoke(CallTo("resize"));
  EXPECT_EQ(attempt.outcome->error_type, "UnhandledInvocationError");
  EXPECT_EQ(BodyOf(attempt).at("errorType").as_string(), "FunctionOOMError");
  EXPECT_NE(BodyOf(attempt).at("errorMessage").as_string().find("out of its memory of 512 MB"),
            std::string_view::npos);
  EXPECT_EQ(attempt.usage->outcome, model::Outcome::kOutOfMemory);
}

TEST_F(DoorTest, CodeThatCannotBeLoadedIsAnInitializationError) {
  launcher_.on_initialize = [this](sandbox::FakeSandbox&) -> Result<void> {
    clock_.Advance(20ms);
    return Fail(Error::FunctionFailed("No module named 'PIL'").WithCode("ModuleNotFoundError"));
  };
  const Attempt attempt = Invoke(CallTo("resize"));
  EXPECT_EQ(attempt.outcome->error_type, "InitializationError");
  EXPECT_EQ(BodyOf(attempt).at("errorMessage").as_string(), "No module named 'PIL'");
  EXPECT_EQ(BodyOf(attempt).at("errorType").as_string(), "ModuleNotFoundError");
  EXPECT_EQ(attempt.usage->outcome, model::Outcome::kInitError);
  EXPECT_EQ(attempt.usage->billed, 20ms);
  EXPECT_EQ(Living(), 0);  // It never loaded, so it must not count as warm.
}

TEST_F(DoorTest, ErrorJsonOfTheRuntimeIsPassedOnAsItIs) {
  const std::string body = R"({"errorMessage":"bad","errorType":"SyntaxError","stackTrace":["x"]})";
  launcher_.on_initialize = [body](sandbox::FakeSandbox&) -> Result<void> {
    return Fail(Error::FunctionFailed(body));
  };
  EXPECT_EQ(Invoke(CallTo("resize")).outcome->body, body);
}

TEST_F(DoorTest, CodeThatIsNotLoadedInTimeIsAnInitializationErrorThatSaysSo) {
  launcher_.on_initialize = [](sandbox::FakeSandbox&) -> Result<void> {
    return Fail(Error::FunctionTimeout("not ready"));
  };
  const Attempt python = Invoke(CallTo("resize"));
  EXPECT_EQ(python.outcome->error_type, "InitializationError");
  EXPECT_EQ(BodyOf(python).at("errorMessage").as_string(),
            "Function initialization time out after 120 seconds");
  EXPECT_EQ(python.usage->outcome, model::Outcome::kTimeout);

  DeployCustom("web");
  EXPECT_EQ(BodyOf(Invoke(CallTo("web"))).at("errorMessage").as_string(),
            "Function instance health check failed on port 9000 in 120 seconds");
}

TEST_F(DoorTest, ProcessThatEndsWhileItLoadsIsAnInitializationError) {
  launcher_.on_initialize = [](sandbox::FakeSandbox&) -> Result<void> {
    return Fail(Error::FunctionFailed("exit 3").WithCode("ProcessExited"));
  };
  const Attempt attempt = Invoke(CallTo("resize"));
  EXPECT_EQ(attempt.outcome->error_type, "InitializationError");
  EXPECT_TRUE(BodyOf(attempt).at("errorMessage").as_string().starts_with("Process exited"));
  EXPECT_EQ(attempt.usage->outcome, model::Outcome::kInitError);
}

TEST_F(DoorTest, AnswerThatIsNotOneIsAFunctionErrorInTheSandboxsWords) {
  MakeFunctionFail(Error::FunctionFailed("the response is bad").WithCode("BadResponse"));
  const Attempt attempt = Invoke(CallTo("resize"));
  EXPECT_EQ(BodyOf(attempt).at("errorMessage").as_string(), "the response is bad");
  EXPECT_EQ(BodyOf(attempt).at("errorType").as_string(), "BadResponse");
  EXPECT_EQ(attempt.usage->outcome, model::Outcome::kFunctionError);
}

TEST_F(DoorTest, FunctionThatMakesItsOwnLaunchImpossibleIsToldAndNotBilled) {
  launcher_.fail_next = Error::FunctionFailed("the environment is too long");
  const Attempt attempt = Invoke(CallTo("resize"));
  EXPECT_EQ(attempt.outcome->error_type, "InitializationError");
  EXPECT_EQ(BodyOf(attempt).at("errorMessage").as_string(), "the environment is too long");
  EXPECT_FALSE(attempt.usage);
}

TEST_F(DoorTest, PlatformTroubleIsAnErrorAndNotBilled) {
  MakeFunctionFail(Error::Unavailable("the socket broke"));
  const Attempt attempt = Invoke(CallTo("resize"));
  EXPECT_EQ(attempt.outcome.error().kind(), ErrorKind::kUnavailable);
  EXPECT_FALSE(attempt.usage);
  EXPECT_TRUE(late_.empty());
  EXPECT_EQ(Living(), 0);
}

TEST_F(DoorTest, OutputIsLoggedBetweenStartAndEndWithItsRequest) {
  launcher_.on_invoke = [](sandbox::FakeSandbox& sandbox, const sandbox::Call&) {
    sandbox.Print("working");
    return Result<sandbox::Reply>(sandbox::Reply());
  };
  Invoke(CallTo("resize"));
  log_.text.clear();
  log_.ended = 0;
  Call call = CallTo("resize");
  call.request_id = "r1";
  const Attempt attempt = Invoke(std::move(call));
  const std::string expected =
      "FC Invoke Start RequestId: r1\nworking\nFC Invoke End RequestId: r1\n";
  EXPECT_EQ(log_.text, expected);
  EXPECT_EQ(attempt.log_tail, expected);
  EXPECT_EQ(log_.last.request_id, "r1");
  EXPECT_EQ(log_.last.instance_id, attempt.instance_id);
  EXPECT_EQ(log_.last.function, "resize");
  EXPECT_EQ(log_.ended, 1);
}

TEST_F(DoorTest, LogTailIsTheLast4KiB) {
  launcher_.on_invoke = [](sandbox::FakeSandbox& sandbox, const sandbox::Call&) {
    for (int i = 0; i < 1000; ++i) sandbox.Print(std::string(99, 'x') + "\n");
    return Result<sandbox::Reply>(sandbox::Reply());
  };
  const Attempt attempt = Invoke(CallTo("resize"));
  EXPECT_EQ(attempt.log_tail.size(), 4096u);
  EXPECT_TRUE(attempt.log_tail.ends_with("FC Invoke End RequestId: " + attempt.request_id + "\n"));
  EXPECT_GT(log_.text.size(), 100'000u);
}

}  // namespace
}  // namespace ebb::invoke
