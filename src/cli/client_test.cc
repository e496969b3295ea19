#include "cli/client.h"

#include <gtest/gtest.h>

#include <thread>

#include "cli/exit.h"
#include "net/http_server.h"
#include "net/task_group.h"

namespace ebb::cli {
namespace {

// A server on a thread of its own: the client blocks the test's.
class ClientTest : public ::testing::Test {
 protected:
  ClientTest() {
    auto listener = net::ListenTcp("127.0.0.1", 0);
    place_.host = "127.0.0.1";
    place_.port = *net::PortOf(*listener);
    place_.endpoint = "http://127.0.0.1:" + std::to_string(place_.port);
    place_.access_key_id = "id";
    place_.access_key_secret = "secret";
    listening_ = server_.Serve(std::move(*listener));
    thread_ = std::thread([this] { io_.run(); });
  }
  ~ClientTest() override {
    io_.stop();
    thread_.join();
  }

  Task<net::Response> Answer(net::Request& request) {
    seen_.path = request.target;
    seen_.authorization = std::string(request.headers.Get("Authorization").value_or(""));
    auto body = co_await net::ReadAll(*request.body, 1 << 20);
    seen_.body = body.value_or("");
    net::Response response;
    response.status = status_;
    response.text = text_;
    co_return response;
  }

  // Set before a call, read after it.
  int status_ = 200;
  std::string text_ = "{}";
  struct {
    std::string path;
    std::string authorization;
    std::string body;
  } seen_;

  asio::io_context io_;
  net::HttpServer server_{io_, {}, [this](net::Request& request) { return Answer(request); }};
  std::unique_ptr<net::HttpServer::Listening> listening_;
  std::thread thread_;
  Place place_;
  SystemClock clock_;
  SystemRandom random_;
};

TEST_F(ClientTest, ARequestIsSignedAndItsQueryEncoded) {
  Client client(place_, clock_, random_);
  Ask ask;
  ask.method = "POST";
  ask.path = "/x";
  ask.query = {{"prefix", "a b"}, {"empty", ""}};
  ask.body = "payload";
  ASSERT_TRUE(client.Send(std::move(ask)));
  EXPECT_EQ(seen_.path, "/x?prefix=a%20b");
  EXPECT_TRUE(seen_.authorization.starts_with("ACS3-HMAC-SHA256 Credential=id,"));
  EXPECT_EQ(seen_.body, "payload");
}

TEST_F(ClientTest, WhatTheServerRefusesCarriesItsCodeAndMessage) {
  Client client(place_, clock_, random_);
  status_ = 404;
  text_ =
      R"({"RequestId":"1-2","Code":"FunctionNotFound","Message":"function 'f' does not exist."})";
  auto answer = client.SendForJson({});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code(), "FunctionNotFound");
  EXPECT_EQ(answer.error().message(), "function 'f' does not exist.");
  EXPECT_EQ(ExitOf(answer.error()), Exit::kNotFound);
}

TEST_F(ClientTest, SeveralCallsGoOverOneClient) {
  Client client(place_, clock_, random_);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(client.SendForJson({}));
}

TEST_F(ClientTest, AFollowedBodyIsHandedOverAndNotKept) {
  Client client(place_, clock_, random_);
  text_ = "one\ntwo\n";
  std::string got;
  ASSERT_TRUE(client.SendAndFollow({}, [&](std::string_view bytes) { got += bytes; }));
  EXPECT_EQ(got, "one\ntwo\n");
}

TEST_F(ClientTest, ABodySaysHowMuchOfItHasGoneOut) {
  Client client(place_, clock_, random_);
  Ask ask;
  ask.method = "PUT";
  ask.body = std::string(200'000, 'x');
  std::size_t last = 0;
  ask.on_sent = [&](std::size_t sent) { last = sent; };
  ASSERT_TRUE(client.Send(std::move(ask)));
  EXPECT_EQ(last, 200'000u);
}

TEST(UnreachableTest, NobodyThereSaysHowToStartAServer) {
  Place place;
  {
    auto closed = net::ListenTcp("127.0.0.1", 0);  // A port that is free again at once.
    place.port = *net::PortOf(*closed);
  }
  place.host = "127.0.0.1";
  SystemClock clock;
  SystemRandom random;
  auto answer = Client(place, clock, random).Send({});
  ASSERT_FALSE(answer);
  EXPECT_EQ(ExitOf(answer.error()), Exit::kUnreachable);
  EXPECT_NE(answer.error().message().find("ebb serve"), std::string::npos);
}

}  // namespace
}  // namespace ebb::cli
