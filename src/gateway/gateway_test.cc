#include "gateway/gateway.h"

#include <gtest/gtest.h>

#include "base/hash.h"
#include "base/json.h"
#include "net/http_server.h"
#include "net/stream.h"
#include "testkit/fake_node.h"

namespace ebb::gateway {
namespace {

using Methods = std::vector<std::string>;

class GatewayTest : public ::testing::Test {
 protected:
  GatewayTest() {
    node_.Deploy("site");
    gateway_.emplace(Services{.catalog = *node_.catalog,
                              .identities = *node_.identities,
                              .queue = *node_.queue,
                              .ledger = *node_.ledger,
                              .door = *node_.door,
                              .clock = clock_,
                              .random = node_.random},
                     Config{});
  }

  // The host name of a new http trigger.
  std::string Open(std::string function, Methods methods = {"GET", "POST"},
                   model::HttpAuth auth = model::HttpAuth::kAnonymous) {
    const auto trigger =
        node_.AddTrigger(std::move(function), "web", model::HttpTrigger{auth, std::move(methods)});
    return trigger->id + ".localhost:8902";
  }

  net::Request Request(std::string host, std::string method = "GET", std::string body = {}) {
    net::Request request;
    request.method = std::move(method);
    request.path = "/path";
    request.target = "/path?x=1";
    request.query = "x=1";
    request.peer = "127.0.0.1:5";
    request.headers.Add("Host", std::move(host));
    request.headers.Add("Content-Type", "text/plain");
    request.body = net::MakeStringBody(std::move(body));
    return request;
  }
  net::Response Answer(net::Request request) { return node_.RunToEnd(gateway_->Handle(request)); }

  void FunctionReturns(sandbox::Reply reply) {
    node_.launcher.on_invoke = [reply](sandbox::FakeSandbox&, const sandbox::Call&) {
      return Result<sandbox::Reply>(reply);
    };
  }
  std::string SeenPayload() { return node_.launcher.calls_seen.at(0).payload; }

  static std::string CodeOf(const net::Response& response) {
    const auto body = json::ParseObject(response.text);
    return body && body->contains("Code") ? std::string(body->at("Code").as_string()) : "";
  }

  SystemClock clock_;
  testkit::FakeNode node_{clock_};
  std::optional<Gateway> gateway_;
};

TEST_F(GatewayTest, EventFunctionGetsTheHttpEventAndItsAnswerIsTheResponse) {
  FunctionReturns({.ok = true,
                   .error_type = {},
                   .body = R"({"statusCode":201,"headers":{"X-A":"b"},"body":"made"})"});
  const net::Response response = Answer(Request(Open("site"), "POST", "hi"));
  EXPECT_EQ(response.status, 201);
  EXPECT_EQ(response.headers.Get("X-A"), "b");
  EXPECT_EQ(response.text, "made");
  EXPECT_TRUE(response.headers.Has("x-fc-instance-id"));
  const auto event = json::ParseObject(SeenPayload());
  EXPECT_EQ(event->at("body"), "hi");
  EXPECT_EQ(event->at("requestContext").at("requestId").as_string(),
            *response.headers.Get("x-fc-request-id"));
  const auto records = node_.Records();
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(records[0].trigger, "web");
}

TEST_F(GatewayTest, UnknownHostIsNotFound) {
  const net::Response response = Answer(Request("nobody.localhost"));
  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(CodeOf(response), "DomainNameNotFound");
}

TEST_F(GatewayTest, MethodThatTheTriggerDoesNotNameIsRefused) {
  const net::Response response = Answer(Request(Open("site"), "DELETE"));
  EXPECT_EQ(response.status, 405);
  EXPECT_EQ(response.headers.Get("Allow"), "GET, POST");
  EXPECT_EQ(node_.launcher.calls, 0);
}

TEST_F(GatewayTest, FailingFunctionIsABadGateway) {
  FunctionReturns(
      {.ok = false, .error_type = "UnhandledInvocationError", .body = R"({"errorMessage":"no"})"});
  const net::Response response = Answer(Request(Open("site")));
  EXPECT_EQ(response.status, 502);
  EXPECT_EQ(response.headers.Get("x-fc-error-type"), "UnhandledInvocationError");
  EXPECT_EQ(response.text, R"({"errorMessage":"no"})");
}

TEST_F(GatewayTest, AnswerThatCannotBeSentIsABadResponse) {
  FunctionReturns({.ok = true, .error_type = {}, .body = R"({"statusCode":1})"});
  const net::Response response = Answer(Request(Open("site")));
  EXPECT_EQ(response.status, 502);
  EXPECT_EQ(CodeOf(response), "BadResponse");
}

TEST_F(GatewayTest, ResponseHeadersOverTheLimitAreABadResponse) {
  FunctionReturns(
      {.ok = true,
       .error_type = {},
       .body = R"({"statusCode":200,"headers":{"X":")" + std::string(9000, 'x') + R"("}})"});
  EXPECT_EQ(CodeOf(Answer(Request(Open("site")))), "BadResponse");
}

TEST_F(GatewayTest, FunctionAuthNeedsTheAccountsSignature) {
  const std::string host = Open("site", {"GET"}, model::HttpAuth::kFunction);
  EXPECT_EQ(Answer(Request(host)).status, 403);
  net::Request request = Request(host);
  fc::SignAcs3(request, base::Sha256Hex(""), {node_.key.id, node_.key.secret, ""}, clock_.WallNow(),
               "n");
  EXPECT_EQ(Answer(std::move(request)).status, 200);
}

TEST_F(GatewayTest, FunctionAuthDoesNotTakeAFunctionsOwnKeys) {
  const std::string host = Open("site", {"GET"}, model::HttpAuth::kFunction);
  const catalog::TemporaryKey key = node_.identities->Issue(node_.key.account, "site");
  net::Request request = Request(host);
  fc::SignAcs3(request, base::Sha256Hex(""), {key.access_key_id, key.secret, key.security_token},
               clock_.WallNow(), "n");
  EXPECT_EQ(CodeOf(Answer(std::move(request))), "AccessDenied");
}

TEST_F(GatewayTest, AsynchronousRequestIsInTheQueueWhenItIsAccepted) {
  net::Request request = Request(Open("site"), "POST", "later");
  request.headers.Add("X-Fc-Invocation-Type", "Async");
  request.headers.Add("X-Fc-Async-Task-Id", "t-1");
  const net::Response response = Answer(std::move(request));
  EXPECT_EQ(response.status, 202);
  EXPECT_EQ(response.headers.Get("x-fc-async-task-id"), "t-1");
  const auto taken = node_.RunToEnd(node_.queue->Take(10));
  ASSERT_EQ(taken->size(), 1u);
  EXPECT_EQ(taken->at(0).message.trigger, "web");
  EXPECT_EQ(json::ParseObject(taken->at(0).message.payload)->at("body"), "later");
  EXPECT_EQ(node_.launcher.calls, 0);
}

TEST_F(GatewayTest, BodiesOverTheLimitsAreRefused) {
  const std::string host = Open("site");
  net::Request request = Request(host, "POST", std::string((128 << 10) + 1, 'x'));
  request.headers.Add("X-Fc-Invocation-Type", "Async");
  EXPECT_EQ(CodeOf(Answer(std::move(request))), "EntityTooLarge");
  // The event around the body must fit as well.
  request = Request(host, "POST", std::string(128 << 10, 'x'));
  request.headers.Add("X-Fc-Invocation-Type", "Async");
  EXPECT_EQ(CodeOf(Answer(std::move(request))), "EntityTooLarge");
  EXPECT_EQ(node_.launcher.calls, 0);
}

TEST_F(GatewayTest, LongPathsAndHeadersAreRefused) {
  const std::string host = Open("site");
  net::Request path = Request(host);
  path.path = "/" + std::string(5000, 'p');
  EXPECT_EQ(Answer(std::move(path)).status, 400);
  net::Request headers = Request(host);
  headers.headers.Add("X", std::string(9000, 'x'));
  EXPECT_EQ(Answer(std::move(headers)).status, 400);
}

TEST_F(GatewayTest, ClientThatLeavesEndsTheAttemptAndPaysForWhatRan) {
  const std::string host = Open("site");
  net::HttpServer server(node_.io, {}, [this](net::Request& r) { return gateway_->Handle(r); });
  base::Fd socket = net::ListenTcp("127.0.0.1", 0).value();
  const std::uint16_t port = net::PortOf(socket).value();
  const auto listening = server.Serve(std::move(socket));
  node_.launcher.call_gate.Close();

  auto client = node_.RunToEnd(net::ConnectTcp("127.0.0.1", port, Deadline::Never())).value();
  const std::string head = "GET / HTTP/1.1\r\nHost: " + host + "\r\n\r\n";
  ASSERT_TRUE(node_.RunToEnd(client->Write(head)));
  while (node_.launcher.call_gate.waiting() == 0) node_.io.run_one();
  client.reset();
  while (node_.launcher.kills == 0) node_.io.run_one();

  const auto records = node_.Records();
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(records[0].outcome, model::Outcome::kCancelled);
  node_.RunToEnd(server.Stop(Deadline(clock_.Now())));
}

class CustomGatewayTest : public GatewayTest {
 protected:
  CustomGatewayTest() {
    auto config = node_.Config("server");
    config.runtime = "custom.debian12";
    node_.Deploy(config);
    node_.launcher.on_proxy = [this](sandbox::FakeSandbox&, net::Request request) {
      seen_.emplace(std::move(request));
      net::Response response;
      response.status = 203;
      response.headers.Add("X-Theirs", "yes");
      response.headers.Add("Connection", "close");
      response.stream = net::MakeStringBody("streamed");
      return Result<net::Response>(std::move(response));
    };
  }
  std::optional<net::Request> seen_;
};

TEST_F(CustomGatewayTest, CustomRuntimeGetsTheRequestAsItIs) {
  net::Request request = Request(Open("server"), "POST", "body");
  request.headers.Add("X-Mine", "1");
  request.headers.Add("X-Fc-Account-Id", "forged");
  request.headers.Add("Transfer-Encoding", "chunked");
  net::Response response = Answer(std::move(request));
  EXPECT_EQ(response.status, 203);
  EXPECT_EQ(response.headers.Get("X-Theirs"), "yes");
  EXPECT_FALSE(response.headers.Has("Connection"));
  ASSERT_TRUE(response.stream);
  EXPECT_EQ(node_.RunToEnd(net::ReadAll(*response.stream, 100)).value(), "streamed");

  ASSERT_TRUE(seen_);
  EXPECT_EQ(seen_->method, "POST");
  EXPECT_EQ(seen_->target, "/path?x=1");
  EXPECT_EQ(seen_->headers.Get("X-Mine"), "1");
  EXPECT_EQ(seen_->headers.GetJoined("x-fc-account-id"), node_.key.account);
  EXPECT_FALSE(seen_->headers.Has("Transfer-Encoding"));
  EXPECT_EQ(node_.RunToEnd(net::ReadAll(*seen_->body, 100)).value(), "body");
  const auto records = node_.Records();
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(records[0].outcome, model::Outcome::kOk);
}

TEST_F(CustomGatewayTest, AsynchronousRequestsToCustomRuntimesAreRefused) {
  net::Request request = Request(Open("server"));
  request.headers.Add("X-Fc-Invocation-Type", "Async");
  EXPECT_EQ(Answer(std::move(request)).status, 400);
}

}  // namespace
}  // namespace ebb::gateway
