// What an HttpServer does with clients that are broken, slow, hostile or gone, and when it ends.
#include <sys/socket.h>

#include "testkit/server_fixture.h"

namespace ebb::net {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using testkit::Patience;

Task<Response> Empty(Request&) { co_return Response(); }

Task<Response> Streamed(std::unique_ptr<Body> body) {
  Response response;
  response.stream = std::move(body);
  co_return response;
}

Task<Response> ReadAndKeepError(Request& request, std::optional<ErrorKind>& kind) {
  auto body = co_await ReadAll(*request.body, 100);
  if (!body) kind = body.error().kind();
  co_return Response();
}

// Counts the handlers that are under way.
struct Handlers {
  explicit Handlers(asio::io_context& io) : changed(io) {}
  int running = 0;
  int finished = 0;
  Signal changed;
};

class Counted {
 public:
  explicit Counted(Handlers& handlers) : handlers_(handlers) {
    ++handlers_.running;
    handlers_.changed.NotifyAll();
  }
  ~Counted() {
    --handlers_.running;
    handlers_.changed.NotifyAll();
  }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;

 private:
  Handlers& handlers_;
};

Task<Response> WaitFor(Handlers& handlers, Signal& release) {
  const Counted counted(handlers);
  if (co_await release.Wait(Deadline::Never())) ++handlers.finished;
  co_return Response();
}

// A log that is followed: one line, and then nothing for ever.
class Follow final : public Body {
 public:
  explicit Follow(Handlers& handlers) : counted_(handlers) {}
  Task<Result<std::size_t>> Read(std::span<char> into) override {
    if (std::exchange(said_, true)) co_await SleepFor(hours(1));
    into[0] = '!';
    co_return 1;
  }
  std::optional<std::uint64_t> length() const override { return std::nullopt; }

 private:
  const Counted counted_;
  bool said_ = false;
};

// 50 MB at once.
class Flood final : public Body {
 public:
  explicit Flood(Handlers& handlers) : counted_(handlers) {}
  Task<Result<std::size_t>> Read(std::span<char> into) override { co_return into.size(); }
  std::optional<std::uint64_t> length() const override { return 50'000'000; }

 private:
  const Counted counted_;
};

class Broken final : public Body {
 public:
  explicit Broken(std::optional<std::uint64_t> length) : length_(length) {}
  Task<Result<std::size_t>> Read(std::span<char> into) override {
    if (std::exchange(said_, true)) co_return Fail(Error::Unavailable("the disk broke"));
    into[0] = '!';
    co_return 1;
  }
  std::optional<std::uint64_t> length() const override { return length_; }

 private:
  const std::optional<std::uint64_t> length_;
  bool said_ = false;
};

class HttpServerFaultsTest : public testkit::ServerFixture {
 protected:
  // Runs the loop until `done`; the test fails if that never comes.
  template <typename Done>
  void RunUntil(Done done) {
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (!done()) {
      ASSERT_LT(std::chrono::steady_clock::now(), give_up);
      io_.restart();
      io_.run_for(milliseconds(20));
    }
  }

  void WaitInHandler() {
    handler_ = [this](Request&) { return WaitFor(handlers_, release_); };
  }

  Handlers handlers_{io_};
  Signal release_{io_};
};

constexpr char kGet[] = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";

TEST_F(HttpServerFaultsTest, WhatIsNotHttpGets400AndTheEndOfTheConnection) {
  handler_ = Empty;
  Start();
  const struct {
    std::string bytes;
    std::string status;
  } cases[] = {
      {"nonsense\r\n\r\n", "400 Bad Request"},
      {"GET / HTTP/1.1\r\n\r\n", "400 Bad Request"},  // No Host.
      {"GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n",
       "400 Bad Request"},
      {"GET / HTTP/1.1\nHost: h\n\n", "400 Bad Request"},
      {"GET / HTTP/1.1\r\nHost: h\r\nX: " + std::string(40'000, 'x') + "\r\n\r\n",
       "431 Request Header Fields Too Large"},
      {"GET /" + std::string(40'000, 'x') + " HTTP/1.1\r\nHost: h\r\n\r\n",
       "431 Request Header Fields Too Large"},
      {"GET / HTTP/1.1\r\nHost: h\r\n" + std::string(40'000, 'x'),
       "431 Request Header Fields Too Large"},
  };
  for (const auto& [bytes, status] : cases) {
    const std::string got = Say(bytes);
    EXPECT_TRUE(got.starts_with("HTTP/1.1 " + status + "\r\n")) << got;
    EXPECT_NE(got.find("Connection: close"), std::string::npos);
  }
}

TEST_F(HttpServerFaultsTest, AHeaderJustUnderTheLimitIsServed) {
  handler_ = Empty;
  Start();
  std::string head = "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nX: ";
  head.append(32UL * 1024 - head.size() - 4, 'x').append("\r\n\r\n");
  EXPECT_TRUE(Say(head).starts_with("HTTP/1.1 200 OK"));
  head.insert(head.size() - 4, "x");
  EXPECT_TRUE(Say(head).starts_with("HTTP/1.1 431 "));
}

TEST_F(HttpServerFaultsTest, BytesBehindABrokenRequestNeverBecomeARequest) {
  int handled = 0;
  handler_ = [&handled](Request& request) {
    ++handled;
    return Empty(request);
  };
  Start();
  Say(std::string("GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n"
                  "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n") +
      kGet);
  EXPECT_EQ(handled, 0);
}

TEST_F(HttpServerFaultsTest, ABodyThatIsCutShortIsInvalidToItsReader) {
  std::optional<ErrorKind> kind;
  handler_ = [&kind](Request& request) { return ReadAndKeepError(request, kind); };
  Start();
  auto stream = Connect();
  Send(*stream, "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nfour");
  stream->EndWriting();
  RunUntil([&] { return kind.has_value(); });
  EXPECT_EQ(kind, ErrorKind::kInvalid);
}

TEST_F(HttpServerFaultsTest, AHandlerIsCancelledWhenItsClientGoes) {
  WaitInHandler();
  Start();
  auto stream = Connect();
  Send(*stream, kGet);
  RunUntil([&] { return handlers_.running == 1; });
  stream.reset();
  RunUntil([&] { return handlers_.running == 0; });
  EXPECT_EQ(handlers_.finished, 0);
}

TEST_F(HttpServerFaultsTest, AClientThatLeavesBehindAPipelinedRequestIsGoneToo) {
  WaitInHandler();
  Start();
  auto stream = Connect();
  Send(*stream, std::string(kGet) + kGet);
  RunUntil([&] { return handlers_.running == 1; });
  stream.reset();
  RunUntil([&] { return handlers_.running == 0; });
  EXPECT_EQ(handlers_.finished, 0);
}

TEST_F(HttpServerFaultsTest, AClientThatWaitsIsNotGone) {
  WaitInHandler();
  Start();
  auto stream = Connect();
  Send(*stream, std::string(kGet) + kGet);
  RunUntil([&] { return handlers_.running == 1; });
  io_.run_for(milliseconds(350));  // Three looks at least.
  EXPECT_EQ(handlers_.running, 1);
  release_.NotifyAll();
  Run(ReadUntil(*stream, "\r\n\r\n"));
  RunUntil([&] { return handlers_.running == 1; });
  release_.NotifyAll();
  Run(ReadUntil(*stream, "\r\n\r\n"));
  EXPECT_EQ(handlers_.finished, 2);
}

TEST_F(HttpServerFaultsTest, AStreamIsDroppedWhenItsClientGoesWhileItHasNothingToSay) {
  handler_ = [this](Request&) { return Streamed(std::make_unique<Follow>(handlers_)); };
  Start();
  auto stream = Connect();
  Send(*stream, kGet);
  Run(ReadUntil(*stream, "1\r\n!\r\n"));
  EXPECT_EQ(handlers_.running, 1);
  stream.reset();
  RunUntil([&] { return handlers_.running == 0; });
}

TEST_F(HttpServerFaultsTest, AStreamThatBreaksIsSeenToBreak) {
  std::optional<std::uint64_t> length;
  handler_ = [&length](Request&) { return Streamed(std::make_unique<Broken>(length)); };
  Start();
  const std::string chunked = Say(kGet);
  EXPECT_TRUE(chunked.ends_with("\r\n\r\n1\r\n!\r\n")) << chunked;
  length = 2;
  const std::string sized = Say(kGet);
  EXPECT_NE(sized.find("Content-Length: 2\r\n"), std::string::npos);
  EXPECT_TRUE(sized.ends_with("\r\n\r\n!")) << sized;
}

TEST_F(HttpServerFaultsTest, ASilentConnectionIsClosed) {
  handler_ = Empty;
  Start({.idle_timeout = milliseconds(20)});
  EXPECT_EQ(Say(""), "");
}

TEST_F(HttpServerFaultsTest, AHeaderThatDoesNotEndGets408) {
  handler_ = Empty;
  Start({.idle_timeout = milliseconds(20)});
  EXPECT_TRUE(Say("GET / HTTP/1.1\r\nHo").starts_with("HTTP/1.1 408 "));
}

TEST_F(HttpServerFaultsTest, ABodyThatStopsIsADeadlineToItsReader) {
  std::optional<ErrorKind> kind;
  handler_ = [&kind](Request& request) { return ReadAndKeepError(request, kind); };
  Start({.body_idle_timeout = milliseconds(20)});
  auto stream = Connect();
  Send(*stream, "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nfour");
  RunUntil([&] { return kind.has_value(); });
  EXPECT_EQ(kind, ErrorKind::kDeadline);
}

TEST_F(HttpServerFaultsTest, AClientThatDoesNotReadItsAnswerIsCutOff) {
  handler_ = [this](Request&) { return Streamed(std::make_unique<Flood>(handlers_)); };
  Start({.body_idle_timeout = milliseconds(50)});
  auto stream = Connect();
  Send(*stream, kGet);
  RunUntil([&] { return handlers_.running == 0; });
  EXPECT_LT(Run(ReadToEnd(*stream)).size(), 50'000'000u);
}

TEST_F(HttpServerFaultsTest, StopLetsTheRequestUnderWayFinishAndClosesIdleConnections) {
  WaitInHandler();
  Start();
  auto idle = Connect();
  auto busy = Connect();
  Send(*busy, kGet);
  RunUntil([&] { return handlers_.running == 1; });
  tasks_.Spawn("stop", server_->Stop(Patience()));
  EXPECT_EQ(Run(ReadToEnd(*idle)), "");
  EXPECT_EQ(handlers_.running, 1);
  release_.NotifyAll();
  EXPECT_NE(Run(ReadToEnd(*busy)).find("Connection: close"), std::string::npos);
  RunUntil([&] { return tasks_.running() == 0; });
  EXPECT_EQ(handlers_.finished, 1);
}

TEST_F(HttpServerFaultsTest, StopCancelsWhatIsLeftAtTheDeadline) {
  WaitInHandler();
  Start();
  auto stream = Connect();
  Send(*stream, kGet);
  RunUntil([&] { return handlers_.running == 1; });
  Run(server_->Stop(Deadline(std::chrono::steady_clock::now() + milliseconds(10))));
  EXPECT_EQ(handlers_.running, 0);
  EXPECT_EQ(Run(ReadToEnd(*stream)), "");
}

TEST_F(HttpServerFaultsTest, DroppingTheTokenFreesThePortAndClosesItsConnectionsOnly) {
  WaitInHandler();
  Start();
  auto first = Connect();
  Send(*first, kGet);
  auto other = ListenTcp("127.0.0.1", 0);
  const std::uint16_t old_port = std::exchange(port_, PortOf(*other).value());
  const auto other_listening = server_->Serve(std::move(*other));
  auto second = Connect();
  Send(*second, kGet);
  RunUntil([&] { return handlers_.running == 2; });
  listening_.reset();
  EXPECT_TRUE(ListenTcp("127.0.0.1", old_port));
  EXPECT_EQ(Run(ReadToEnd(*first)), "");
  EXPECT_EQ(handlers_.running, 1);
  release_.NotifyAll();
  EXPECT_TRUE(Run(ReadUntil(*second, "\r\n\r\n")).starts_with("HTTP/1.1 200"));
}

TEST_F(HttpServerFaultsTest, AServerAndItsTokenMayGoInEitherOrderWhileRequestsRun) {
  WaitInHandler();
  Start();
  auto stream = Connect();
  Send(*stream, kGet);
  RunUntil([&] { return handlers_.running == 1; });
  server_.reset();
  listening_.reset();
  EXPECT_EQ(Run(ReadToEnd(*stream)), "");
  EXPECT_EQ(handlers_.running, 0);
}

TEST_F(HttpServerFaultsTest, AListenerThatIsShutDownEndsItsAccepting) {
  handler_ = Empty;
  server_.emplace(io_, HttpServerConfig{}, handler_);
  auto listener = ListenTcp("127.0.0.1", 0);
  const base::Fd copy(dup(listener->get()));
  const auto listening = server_->Serve(std::move(*listener));
  io_.restart();
  io_.poll();
  shutdown(copy.get(), SHUT_RDWR);
  io_.restart();
  io_.run();  // Returns: nothing waits any more.
}

}  // namespace
}  // namespace ebb::net
