// WebSockets on a pair of sockets: what RFC 6455 wants, and what it forbids.
#include "net/web_socket.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>

#include "testkit/run_task.h"

namespace ebb::net {
namespace {

using testkit::RunToEnd;
using Kind = WebSocketMessage::Kind;

class WebSocketTest : public ::testing::Test {
 protected:
  WebSocketTest() {
    int ends[2];
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), 0);
    ours_ = MakeStream(io_, base::Fd(ends[0]));
    theirs_ = MakeStream(io_, base::Fd(ends[1]));
    server_ = std::make_unique<WebSocket>(io_, *ours_, WebSocket::Side::kServer, random_, "",
                                          WebSocket::Limits{.message_bytes = 100'000});
    client_ = std::make_unique<WebSocket>(io_, *theirs_, WebSocket::Side::kClient, random_, "",
                                          WebSocket::Limits{});
  }
  // From the client's side, as raw bytes.
  void Raw(std::string bytes) { ASSERT_TRUE(RunToEnd(io_, theirs_->Write(bytes))); }
  std::string ReadRaw() {
    std::array<char, 4096> piece;
    auto count = RunToEnd(io_, theirs_->Read(piece));
    return {piece.data(), count.value_or(0)};
  }
  using Received = std::optional<Result<std::optional<WebSocketMessage>>>;
  static Task<void> ReceiveInto(WebSocket& socket, Received& out) {
    out = co_await socket.Receive();
  }
  auto Receive(WebSocket& socket) { return RunToEnd(io_, socket.Receive()); }
  auto Send(WebSocket& socket, Kind kind, std::string bytes) {
    return RunToEnd(io_, socket.Send(kind, std::move(bytes)));
  }
  // A frame as a client sends it, masked with zeros, which change nothing.
  static std::string Frame(int first, std::string payload) {
    std::string frame{static_cast<char>(first), static_cast<char>(0x80 | payload.size())};
    return frame + std::string(4, '\0') + payload;
  }
  // What the server does with it: "1002", the code that it closes with.
  std::string ClosesWith(std::string bytes) {
    Raw(std::move(bytes));
    auto refused = Receive(*server_);
    EXPECT_FALSE(refused);
    EXPECT_EQ(refused.error().kind(), ErrorKind::kInvalid);
    const std::string close = ReadRaw();
    if (close.size() < 4 || close[0] != static_cast<char>(0x88)) return "no close";
    return std::to_string(static_cast<unsigned char>(close[2]) * 256 +
                          static_cast<unsigned char>(close[3]));
  }

  SeededRandom random_{1};
  asio::io_context io_;
  std::unique_ptr<Stream> ours_;
  std::unique_ptr<Stream> theirs_;
  std::unique_ptr<WebSocket> server_;
  std::unique_ptr<WebSocket> client_;
};

TEST_F(WebSocketTest, MessagesOfEverySizeComeAsTheyWent) {
  for (const int count : {0, 1, 125, 126, 65'535, 65'536, 99'999}) {
    const std::string bytes(static_cast<std::size_t>(count), 'x');
    Received got;
    // Both at once: a large message does not fit into the socket.
    asio::co_spawn(io_, ReceiveInto(*server_, got), [](std::exception_ptr) {});
    ASSERT_TRUE(Send(*client_, Kind::kBinary, bytes));
    io_.restart();
    while (!got && io_.run_one() > 0) {
    }
    ASSERT_TRUE(got && *got && **got) << count;
    EXPECT_EQ((**got)->bytes, bytes);
  }
}

TEST_F(WebSocketTest, TextIsTextBothWays) {
  ASSERT_TRUE(Send(*server_, Kind::kText, "g\xc3\xbcnstig"));
  auto got = Receive(*client_);
  ASSERT_TRUE(got && *got);
  EXPECT_EQ((*got)->kind, Kind::kText);
  EXPECT_EQ((*got)->bytes, "g\xc3\xbcnstig");
}

TEST_F(WebSocketTest, ExampleOfTheStandardIsUnderstood) {
  Raw("\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58");  // RFC 6455 5.7: a masked "Hello".
  auto got = Receive(*server_);
  ASSERT_TRUE(got && *got);
  EXPECT_EQ((*got)->bytes, "Hello");
}

TEST_F(WebSocketTest, FragmentsArePutTogetherAndPingsBetweenThemAnswered) {
  Raw(Frame(0x01, "Hel") + Frame(0x89, "are you there") + Frame(0x80, "lo"));
  auto got = Receive(*server_);
  ASSERT_TRUE(got && *got);
  EXPECT_EQ((*got)->bytes, "Hello");
  EXPECT_EQ(ReadRaw(),
            "\x8a\x0d"
            "are you there");
}

TEST_F(WebSocketTest, CloseIsAnsweredAndItsReasonKept) {
  ASSERT_TRUE(RunToEnd(io_, server_->Close(1000, "{\"exitCode\":3}")));
  auto got = Receive(*client_);
  ASSERT_TRUE(got);
  EXPECT_FALSE(*got);
  EXPECT_EQ(client_->close_reason(), "{\"exitCode\":3}");
  got = Receive(*server_);
  ASSERT_TRUE(got);
  EXPECT_FALSE(*got);
}

TEST_F(WebSocketTest, NothingIsSentAfterAClose) {
  ASSERT_TRUE(RunToEnd(io_, server_->Close(1000, "")));
  EXPECT_EQ(Send(*server_, Kind::kBinary, "late").error().kind(), ErrorKind::kUnavailable);
}

TEST_F(WebSocketTest, ConnectionThatBreaksIsNoClose) {
  theirs_->Close();
  EXPECT_EQ(Receive(*server_).error().kind(), ErrorKind::kUnavailable);
}

TEST_F(WebSocketTest, FrameWithoutAMaskIsRefused) {
  EXPECT_EQ(ClosesWith(std::string("\x81\x01x")), "1002");
}

TEST_F(WebSocketTest, ReservedBitsAndUnknownKindsAreRefused) {
  EXPECT_EQ(ClosesWith(Frame(0xc1, "x")), "1002");
}

TEST_F(WebSocketTest, UnknownKindOfFrameIsRefused) {
  EXPECT_EQ(ClosesWith(Frame(0x83, "x")), "1002");
}

TEST_F(WebSocketTest, ControlFrameInFragmentsIsRefused) {
  EXPECT_EQ(ClosesWith(Frame(0x09, "x")), "1002");
}

TEST_F(WebSocketTest, ContinuationOfNothingIsRefused) {
  EXPECT_EQ(ClosesWith(Frame(0x80, "x")), "1002");
}

TEST_F(WebSocketTest, MessageWithinAnotherIsRefused) {
  EXPECT_EQ(ClosesWith(Frame(0x01, "a") + Frame(0x81, "b")), "1002");
}

TEST_F(WebSocketTest, TextThatIsNotUtf8IsRefused) {
  EXPECT_EQ(ClosesWith(Frame(0x81, "\xff")), "1007");
}

TEST_F(WebSocketTest, MessageOverTheLimitIsRefusedBeforeItIsRead) {
  std::string head("\x82\xff\x00\x00\x00\x00\x40\x00\x00\x00", 10);
  EXPECT_EQ(ClosesWith(head), "1009");
}

TEST_F(WebSocketTest, FragmentsOverTheLimitAreRefused) {
  const std::string long_frame =
      std::string("\x02\xfe\xea\x60", 4) + std::string(4, '\0') + std::string(60'000, 'x');
  Received got;
  asio::co_spawn(io_, ReceiveInto(*server_, got), [](std::exception_ptr) {});
  Raw(long_frame);
  std::string rest = long_frame;
  rest[0] = '\0';  // A continuation.
  Raw(rest);
  io_.restart();
  while (!got && io_.run_one() > 0) {
  }
  ASSERT_TRUE(got);
  EXPECT_EQ(got->error().kind(), ErrorKind::kInvalid);
}

class HandshakeTest : public ::testing::Test {
 protected:
  static Headers Asking() {
    Headers headers;
    headers.Add("Upgrade", "websocket");
    headers.Add("Connection", "keep-alive, Upgrade");
    headers.Add("Sec-WebSocket-Version", "13");
    headers.Add("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==");
    return headers;
  }
};

TEST_F(HandshakeTest, AnswerIsThatOfTheStandardsExample) {
  auto answer = AcceptWebSocket("GET", Asking());
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 101);
  EXPECT_EQ(answer->headers.Get("sec-websocket-accept"), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  EXPECT_TRUE(IsWebSocketAnswer(*answer, "dGhlIHNhbXBsZSBub25jZQ=="));
  EXPECT_FALSE(IsWebSocketAnswer(*answer, "b3RoZXI="));
}

TEST_F(HandshakeTest, WhatIsNoHandshakeIsRefused) {
  EXPECT_FALSE(AcceptWebSocket("POST", Asking()));
  EXPECT_FALSE(AcceptWebSocket("GET", Headers()));
  for (const auto& [name, bad] :
       std::initializer_list<std::pair<const char*, const char*>>{{"Upgrade", "h2c"},
                                                                  {"Connection", "close"},
                                                                  {"Sec-WebSocket-Version", "8"},
                                                                  {"Sec-WebSocket-Key", "short"}}) {
    Headers headers = Asking();
    headers.Set(name, bad);
    EXPECT_FALSE(AcceptWebSocket("GET", headers)) << name;
  }
}

TEST_F(HandshakeTest, OurOwnRequestIsAccepted) {
  SeededRandom random(7);
  Headers headers;
  const std::string key = AskForWebSocket(headers, random);
  auto answer = AcceptWebSocket("GET", headers);
  ASSERT_TRUE(answer);
  EXPECT_TRUE(IsWebSocketAnswer(*answer, key));
}

}  // namespace
}  // namespace ebb::net
