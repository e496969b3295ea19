#include "net/http_server.h"

#include <sys/socket.h>
#include <sys/un.h>

#include "testkit/server_fixture.h"
#include "testkit/temp_folder.h"

namespace ebb::net {
namespace {

using testkit::Patience;
using testkit::WithoutDate;

Task<Response> Text(std::string text) {
  Response response;
  response.text = std::move(text);
  co_return response;
}

// Answers with what the request was.
Task<Response> Echo(Request& request) {
  auto body = co_await ReadAll(*request.body, 100'000'000);
  Response response;
  response.text = request.method + " " + request.path + "|" + request.query + "|" +
                  (body ? *body : body.error().message());
  co_return response;
}

// Sends the request's body back as it comes.
Task<Response> Mirror(Request& request) {
  Response response;
  response.stream = std::move(request.body);
  co_return response;
}

Task<Response> CountBytes(Request& request) {
  std::vector<char> piece(1024UL * 1024);
  std::uint64_t total = 0;
  std::size_t largest = 0;
  for (;;) {
    auto count = co_await request.body->Read(piece);
    if (!count) co_return co_await Text(count.error().message());
    if (*count == 0) break;
    total += *count;
    largest = std::max(largest, *count);
  }
  co_return co_await Text(std::to_string(total) + (largest > 64UL * 1024 ? " large" : " small"));
}

// A body of `size` bytes that never exists as a whole.
class Zeros final : public Body {
 public:
  enum class Length { kTold, kUntold };
  Zeros(std::uint64_t size, Length told) : left_(size), size_(size), told_(told) {}
  Task<Result<std::size_t>> Read(std::span<char> into) override {
    const std::size_t count = std::min<std::uint64_t>(into.size(), left_);
    std::fill_n(into.begin(), count, '0');
    left_ -= count;
    co_return count;
  }
  std::optional<std::uint64_t> length() const override {
    return told_ == Length::kTold ? std::optional(size_) : std::nullopt;
  }

 private:
  std::uint64_t left_;
  const std::uint64_t size_;
  const Length told_;
};

Request MakeRequest(std::string method, std::string target, std::string body = "") {
  Request request;
  request.method = std::move(method);
  request.target = std::move(target);
  request.headers.Add("Host", "test");
  request.body = MakeStringBody(std::move(body));
  return request;
}

Task<Result<std::string>> Fetch(HttpConnection& connection, Request request) {
  auto response = co_await connection.Exchange(std::move(request), Patience());
  if (!response) co_return Fail(response.error());
  co_return co_await ReadAll(*response->stream, 1'000'000'000);
}

Task<Result<std::uint64_t>> CountOf(HttpConnection& connection, Request request) {
  auto response = co_await connection.Exchange(std::move(request), Patience());
  if (!response) co_return Fail(response.error());
  std::vector<char> piece(64UL * 1024);
  std::uint64_t total = 0;
  for (;;) {
    auto count = co_await response->stream->Read(piece);
    if (!count) co_return Fail(count.error());
    if (*count == 0) co_return total;
    total += *count;
  }
}

using HttpServerTest = testkit::ServerFixture;

TEST_F(HttpServerTest, ARequestIsHandedOverAndItsAnswerSentWithLengthAndDate) {
  handler_ = Echo;
  Start();
  const std::string got =
      Say("POST /a%20b?x=1&y HTTP/1.1\r\nHost: h\r\nConnection: close\r\n"
          "Content-Length: 5\r\n\r\nhello");
  EXPECT_NE(got.find("\r\nDate: "), std::string::npos);
  EXPECT_EQ(WithoutDate(got),
            "HTTP/1.1 200 OK\r\nContent-Length: 23\r\nConnection: close\r\n\r\n"
            "POST /a%20b|x=1&y|hello");
}

TEST_F(HttpServerTest, AConnectionServesOneRequestAfterAnother) {
  handler_ = Echo;
  Start();
  HttpConnection connection(Connect());
  for (int i = 0; i < 20; ++i) {
    const std::string body(static_cast<std::size_t>(i * i * i), 'x');
    EXPECT_EQ(Run(Fetch(connection, MakeRequest("PUT", "/k", body))).value(), "PUT /k||" + body);
    EXPECT_TRUE(connection.reusable());
  }
}

TEST_F(HttpServerTest, PipelinedRequestsAreAnsweredInOrder) {
  handler_ = Echo;
  Start();
  const std::string got = WithoutDate(WithoutDate(WithoutDate(
      Say("POST /1 HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n0\r\n\r\n"
          "POST /2 HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\ntwo"
          "\r\n\r\nGET /3 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"))));
  EXPECT_EQ(got,
            "HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\nPOST /1||one"
            "HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\nPOST /2||two"
            "HTTP/1.1 200 OK\r\nContent-Length: 8\r\nConnection: close\r\n\r\nGET /3||");
}

TEST_F(HttpServerTest, AnAbsoluteTargetGivesThePathBehindItsHost) {
  handler_ = Echo;
  Start();
  const std::string got =
      Say("GET http://h:80/p?u=http://x/ HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(got.ends_with("GET /p|u=http://x/|")) << got;
}

TEST_F(HttpServerTest, BodiesOfManySizesSurviveChunkedUploadAndDownload) {
  handler_ = Mirror;
  Start();
  HttpConnection connection(Connect());
  for (const std::uint64_t size : {0ull, 1ull, 4096ull, 65536ull, 65537ull, 300'001ull}) {
    for (const auto told : {Zeros::Length::kTold, Zeros::Length::kUntold}) {
      Request request = MakeRequest("POST", "/");
      request.body = std::make_unique<Zeros>(size, told);
      EXPECT_EQ(Run(CountOf(connection, std::move(request))).value(), size);
    }
  }
  EXPECT_TRUE(connection.reusable());
}

TEST_F(HttpServerTest, ALargeUploadIsReadInLargePieces) {
  handler_ = CountBytes;
  Start();
  HttpConnection connection(Connect());
  Request request = MakeRequest("PUT", "/");
  request.body = std::make_unique<Zeros>(200'000'000, Zeros::Length::kTold);
  EXPECT_EQ(Run(Fetch(connection, std::move(request))).value(), "200000000 large");
}

TEST_F(HttpServerTest, HeadHasTheHeadersOfGetAndNoBody) {
  handler_ = [](Request&) { return Text("hello"); };
  Start();
  EXPECT_EQ(WithoutDate(Say("HEAD / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")),
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\n");
}

Task<Response> LengthOnly(Request&) {
  Response response;
  response.headers.Add("Content-Length", "123456789012");
  co_return response;
}

TEST_F(HttpServerTest, HeadKeepsTheLengthThatTheHandlerGave) {
  handler_ = LengthOnly;
  Start();
  EXPECT_EQ(WithoutDate(Say("HEAD / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")),
            "HTTP/1.1 200 OK\r\nContent-Length: 123456789012\r\nConnection: close\r\n\r\n");
}

Task<Response> StatusOf(Request& request) {
  Response response;
  response.status = std::stoi(request.path.substr(1));
  response.text = "ignored";
  co_return response;
}

TEST_F(HttpServerTest, NoContentAndNotModifiedHaveNoBodyAndNoLength) {
  handler_ = StatusOf;
  Start();
  EXPECT_EQ(WithoutDate(Say("GET /204 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")),
            "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(WithoutDate(Say("GET /304 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")),
            "HTTP/1.1 304 Not Modified\r\nConnection: close\r\n\r\n");
}

TEST_F(HttpServerTest, AClientThatAsksIsToldToGoOnByTheFirstRead) {
  handler_ = Echo;
  Start();
  auto stream = Connect();
  Send(*stream,
       "PUT /a HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 2\r\n"
       "Expect: 100-Continue\r\n\r\n");
  EXPECT_EQ(Run(ReadUntil(*stream, "\r\n\r\n")), "HTTP/1.1 100 Continue\r\n\r\n");
  Send(*stream, "ok");
  EXPECT_TRUE(Run(ReadToEnd(*stream)).ends_with("PUT /a||ok"));
}

TEST_F(HttpServerTest, AClientThatAsksAndIsRefusedNeverSendsItsBody) {
  handler_ = StatusOf;
  Start();
  auto stream = Connect();
  Send(*stream,
       "PUT /403 HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n"
       "Expect: 100-continue\r\n\r\n");
  EXPECT_EQ(WithoutDate(Run(ReadUntil(*stream, "ignored"))),
            "HTTP/1.1 403 Forbidden\r\nContent-Length: 7\r\nConnection: close\r\n\r\nignored");
}

TEST_F(HttpServerTest, AnUnreadBodyIsDroppedAndTheConnectionKept) {
  handler_ = StatusOf;
  Start();
  HttpConnection connection(Connect());
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(Run(Fetch(connection, MakeRequest("PUT", "/404", std::string(100'000, 'x')))));
    EXPECT_TRUE(connection.reusable());
  }
}

TEST_F(HttpServerTest, ALargeUnreadBodyEndsTheConnectionButTheAnswerArrives) {
  handler_ = StatusOf;
  Start();
  HttpConnection connection(Connect());
  Request request = MakeRequest("PUT", "/413");
  request.body = std::make_unique<Zeros>(20'000'000, Zeros::Length::kTold);
  EXPECT_EQ(Run(Fetch(connection, std::move(request))), "ignored");
  EXPECT_FALSE(connection.reusable());
}

TEST_F(HttpServerTest, AnHttp10ClientGetsAStreamUntilTheCloseAndMayKeepASizedOne) {
  handler_ = Mirror;
  Start();
  EXPECT_EQ(WithoutDate(Say("POST / HTTP/1.0\r\nContent-Length: 2\r\n\r\nab")),
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nab");
  handler_ = [](Request&) -> Task<Response> {
    Response response;
    response.stream = std::make_unique<Zeros>(4, Zeros::Length::kUntold);
    co_return response;
  };
  EXPECT_EQ(WithoutDate(Say("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")),
            "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n0000");
  handler_ = [](Request&) { return Text("x"); };
  auto stream = Connect();
  Send(*stream, "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_NE(Run(ReadUntil(*stream, "\r\n\r\nx")).find("Connection: keep-alive"), std::string::npos);
}

TEST_F(HttpServerTest, AHandlerCanEndTheConnection) {
  handler_ = [](Request&) -> Task<Response> {
    Response response;
    response.headers.Add("Connection", "Close");
    co_return response;
  };
  Start();
  EXPECT_EQ(WithoutDate(Say("GET / HTTP/1.1\r\nHost: h\r\n\r\n")),
            "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
}

TEST_F(HttpServerTest, AHandlerThatThrowsBecomesA500AndTheConnectionIsKept) {
  handler_ = [](Request& request) -> Task<Response> {
    if (request.path == "/bug") throw BugError("expected in this test");
    co_return Response();
  };
  Start();
  HttpConnection connection(Connect());
  EXPECT_EQ(Run(Fetch(connection, MakeRequest("GET", "/bug"))), "internal error\n");
  EXPECT_EQ(Run(Fetch(connection, MakeRequest("GET", "/"))), "");
}

TEST_F(HttpServerTest, UnixSocketsAreServedToo) {
  handler_ = [](Request& request) { return Text(request.peer); };
  Start();
  const testkit::TempFolder folder;
  const std::string path = folder.path() / "s";
  base::Fd listener(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  ASSERT_EQ(bind(listener.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  ASSERT_EQ(listen(listener.get(), 8), 0);
  const auto listening = server_->Serve(std::move(listener));
  HttpConnection connection(Run(ConnectUnix(path, Patience())).value());
  EXPECT_EQ(Run(Fetch(connection, MakeRequest("GET", "/"))), "unix");
}

}  // namespace
}  // namespace ebb::net
