#include "net/http_client.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>
#include <optional>

#include "net/task_group.h"
#include "testkit/run_task.h"

namespace ebb::net {
namespace {

class HttpClientTest : public ::testing::Test {
 protected:
  HttpClientTest() {
    int fds[2];
    EBB_CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == 0, "socketpair");
    connection_.emplace(MakeStream(io_, base::Fd(fds[0])));
    server_ = MakeStream(io_, base::Fd(fds[1]));
  }

  // What the server says was said before it was asked: nobody can tell.
  void ServerSays(std::string bytes) { EXPECT_TRUE(Run(server_->Write(bytes))); }

  std::string ServerHeard() {
    std::array<char, 65536> buffer;
    auto count = Run(server_->Read(buffer));
    return count ? std::string(buffer.data(), *count) : "nothing";
  }

  Result<Response> Ask(std::string method, std::string body = "", Deadline deadline = {}) {
    Request request;
    request.method = std::move(method);
    request.target = "/x";
    request.headers.Add("Host", "h");
    request.body = MakeStringBody(std::move(body));
    return Run(connection_->Exchange(std::move(request), deadline));
  }

  Result<std::string> BodyOf(Response& response) { return Run(ReadAll(*response.stream, 10000)); }

  template <typename T>
  T Run(Task<T> task) {
    return testkit::RunToEnd(io_, std::move(task));
  }

  asio::io_context io_;
  std::optional<HttpConnection> connection_;
  std::unique_ptr<Stream> server_;
};

TEST_F(HttpClientTest, ARequestIsSentWithItsLengthAndTheAnswerRead) {
  ServerSays("HTTP/1.1 201 Created\r\nX-A: b\r\nContent-Length: 5\r\n\r\nhello");
  auto response = Ask("POST", "abc");
  ASSERT_TRUE(response) << response.error().Describe();
  EXPECT_EQ(response->status, 201);
  EXPECT_EQ(response->headers.Get("x-a"), "b");
  EXPECT_EQ(response->stream->length(), 5u);
  EXPECT_FALSE(connection_->reusable());
  EXPECT_EQ(BodyOf(*response), "hello");
  EXPECT_TRUE(connection_->reusable());
  EXPECT_EQ(ServerHeard(), "POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc");
}

TEST_F(HttpClientTest, OneExchangeFollowsAnother) {
  ServerSays(
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n0\r\n\r\n"
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n"
      "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"
      "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\nlast");
  auto chunked = Ask("GET");
  EXPECT_EQ(BodyOf(*chunked), "one");
  EXPECT_EQ(Ask("GET")->status, 204);
  auto head = Ask("HEAD");
  EXPECT_EQ(BodyOf(*head), "");
  auto last = Ask("GET");
  EXPECT_EQ(BodyOf(*last), "last");
  EXPECT_FALSE(connection_->reusable());
  EXPECT_EQ(Ask("GET").error().kind(), ErrorKind::kUnavailable);
}

TEST_F(HttpClientTest, ABodyWithoutLengthLastsUntilTheEnd) {
  ServerSays("HTTP/1.1 200 OK\r\n\r\nall of it");
  server_->EndWriting();
  auto response = Ask("GET");
  EXPECT_EQ(BodyOf(*response), "all of it");
  EXPECT_FALSE(connection_->reusable());
}

TEST_F(HttpClientTest, AnAnswerThatIsCutShortIsInvalid) {
  ServerSays("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel");
  server_->EndWriting();
  auto response = Ask("GET");
  ASSERT_TRUE(response);
  EXPECT_EQ(BodyOf(*response).error().kind(), ErrorKind::kInvalid);
  EXPECT_FALSE(connection_->reusable());
}

TEST_F(HttpClientTest, AnAnswerThatIsNotHttpIsInvalid) {
  ServerSays("+OK redis\r\n");
  EXPECT_EQ(Ask("GET").error().kind(), ErrorKind::kInvalid);
}

TEST_F(HttpClientTest, AServerThatSaysNothingMeetsTheDeadline) {
  const Deadline soon(std::chrono::steady_clock::now() + std::chrono::milliseconds(5));
  EXPECT_EQ(Ask("GET", "", soon).error().kind(), ErrorKind::kDeadline);
  EXPECT_FALSE(connection_->reusable());
}

TEST_F(HttpClientTest, ARefusalThatCameBeforeTheBodyWasReadIsHeard) {
  ServerSays("HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
  server_.reset();
  auto response = Ask("PUT", std::string(5'000'000, 'x'));
  ASSERT_TRUE(response) << response.error().Describe();
  EXPECT_EQ(response->status, 413);
  EXPECT_FALSE(connection_->reusable());
}

TEST_F(HttpClientTest, DroppingABodyClosesTheConnection) {
  ServerSays("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
  EXPECT_TRUE(Ask("GET"));  // The response is gone at the end of the line.
  EXPECT_FALSE(connection_->reusable());
  ServerHeard();
  EXPECT_TRUE(server_->PeerGone());
}

TEST_F(HttpClientTest, ABodyMayOutliveItsConnection) {
  ServerSays("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
  auto response = Ask("GET");
  connection_.reset();
  EXPECT_EQ(BodyOf(*response), "hello");
}

TEST_F(HttpClientTest, AKeptConnectionThatTheServerClosedIsNotReusable) {
  EXPECT_TRUE(connection_->reusable());
  server_.reset();
  EXPECT_FALSE(connection_->reusable());
}

}  // namespace
}  // namespace ebb::net
