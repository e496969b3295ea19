#include "api/fc/invocations.h"

#include "api/api_fixture.h"

namespace ebb::api {
namespace {

class InvocationsTest : public ApiFixture {
 protected:
  InvocationsTest() { CreateFunction("f"); }

  net::Response Invoke(std::string payload, Headers headers = {}, std::string query = {}) {
    return Send("POST", "/2023-03-30/functions/f/invocations" + query, std::move(payload), headers);
  }
  void FunctionReturns(Result<sandbox::Reply> reply) {
    node_.launcher.on_invoke = [reply](sandbox::FakeSandbox& box, const sandbox::Call&) {
      box.Print("printed\n");
      return reply;
    };
  }
};

TEST_F(InvocationsTest, AnswerIsTheFunctionsAndTheHeadersTellAboutTheAttempt) {
  const net::Response response = Invoke("hello");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.text, "hello");
  EXPECT_EQ(response.headers.Get("x-fc-invocation-function-version"), "LATEST");
  EXPECT_EQ(response.headers.Get("x-fc-code-checksum"), std::to_string(base::Crc64(0, Zip("old"))));
  for (const char* name : {"x-fc-request-id", "x-fc-instance-id", "x-fc-invocation-duration",
                           "x-fc-max-memory-usage"}) {
    EXPECT_TRUE(response.headers.Has(name)) << name;
  }
  EXPECT_FALSE(response.headers.Has("x-fc-error-type"));
  EXPECT_FALSE(response.headers.Has("x-fc-log-result"));
  const auto records = node_.Records();
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(records[0].request_id, *response.headers.Get("x-fc-request-id"));
  EXPECT_EQ(records[0].trigger, "invoke");
}

TEST_F(InvocationsTest, LogTailComesWhenAskedFor) {
  FunctionReturns(sandbox::Reply{.ok = true, .error_type = {}, .body = "x"});
  const net::Response response = Invoke("", {{"x-fc-log-type", "Tail"}});
  const auto tail = base::ParseBase64(response.headers.Get("x-fc-log-result").value());
  EXPECT_TRUE(tail->contains("printed"));
  EXPECT_EQ(CodeOf(Invoke("", {{"x-fc-log-type", "Head"}})), "400 InvalidArgument");
}

TEST_F(InvocationsTest, FailureOfTheFunctionIsA200WithItsErrorType) {
  FunctionReturns(
      sandbox::Reply{.ok = false, .error_type = "UnhandledInvocationError", .body = "{}"});
  const net::Response response = Invoke("");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.headers.Get("x-fc-error-type"), "UnhandledInvocationError");
  EXPECT_EQ(response.text, "{}");
}

TEST_F(InvocationsTest, PlatformTroubleIsNotAnAnswer) {
  node_.launcher.fail_next = Error::Unavailable("no memory");
  EXPECT_EQ(Invoke("").status, 503);
  EXPECT_TRUE(node_.Records().empty());
}

TEST_F(InvocationsTest, AsynchronousCallIsInTheQueueWhenItIsAccepted) {
  const net::Response response =
      Invoke("later", {{"x-fc-invocation-type", "Async"}, {"x-fc-async-task-id", "t"}});
  EXPECT_EQ(response.status, 202);
  EXPECT_EQ(response.text, "");
  EXPECT_EQ(response.headers.Get("x-fc-async-task-id"), "t");
  EXPECT_EQ(
      CodeOf(Invoke("later", {{"x-fc-invocation-type", "Async"}, {"x-fc-async-task-id", "t"}})),
      "409 StatefulAsyncInvocationAlreadyExists");
  const auto taken = node_.RunToEnd(node_.queue->Take(10));
  ASSERT_EQ(taken->size(), 1u);
  EXPECT_EQ(taken->at(0).message.request_id, *response.headers.Get("x-fc-request-id"));
  EXPECT_EQ(taken->at(0).message.payload, "later");
  EXPECT_EQ(node_.launcher.calls, 0);
}

TEST_F(InvocationsTest, DelayedCallIsNotDueYet) {
  EXPECT_EQ(Invoke("", {{"x-fc-invocation-type", "Async"}, {"x-fc-async-delay", "60"}}).status,
            202);
  EXPECT_TRUE(node_.RunToEnd(node_.queue->Take(10))->empty());
  for (const char* delay : {"0", "-1", "3601", "soon"}) {
    EXPECT_EQ(CodeOf(Invoke("", {{"x-fc-invocation-type", "Async"}, {"x-fc-async-delay", delay}})),
              "400 InvalidArgument")
        << delay;
  }
}

TEST_F(InvocationsTest, PayloadsOverTheLimitsAreRefusedAndThoseAtTheLimitAreNot) {
  const std::size_t limit = 128 << 10;
  EXPECT_EQ(CodeOf(Invoke(std::string(limit + 1, 'x'), {{"x-fc-invocation-type", "Async"}})),
            "400 EntityTooLarge");
  EXPECT_EQ(Invoke(std::string(limit, 'x'), {{"x-fc-invocation-type", "Async"}}).status, 202);
  EXPECT_EQ(CodeOf(Invoke(std::string((32 << 20) + 1, 'x'))), "400 EntityTooLarge");
  EXPECT_EQ(Invoke(std::string(32 << 20, 'x')).status, 200);
}

TEST_F(InvocationsTest, WhatIsNotThereIsNamed) {
  EXPECT_EQ(CodeOf(Send("POST", "/2023-03-30/functions/nobody/invocations")),
            "404 FunctionNotFound");
  EXPECT_EQ(CodeOf(Invoke("", {}, "?qualifier=3")), "404 VersionNotFound");
  EXPECT_EQ(CodeOf(Invoke("", {}, "?qualifier=prod")), "404 AliasNotFound");
  EXPECT_EQ(Invoke("", {}, "?qualifier=LATEST").status, 200);
  EXPECT_EQ(CodeOf(Invoke("", {{"x-fc-invocation-type", "Later"}})), "400 InvalidArgument");
}

}  // namespace
}  // namespace ebb::api
