#include "net/stream.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <cstring>
#include <optional>

#include "net/http_server.h"
#include "net/task_group.h"
#include "testkit/run_task.h"
#include "testkit/temp_folder.h"

namespace ebb::net {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using testkit::RunToEnd;

Deadline In(Duration d) { return Deadline(std::chrono::steady_clock::now() + d); }

std::array<base::Fd, 2> SocketPair() {
  int fds[2];
  EBB_CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == 0, "socketpair");
  return {base::Fd(fds[0]), base::Fd(fds[1])};
}

Task<void> WriteAll(Stream& stream, std::string bytes, std::optional<Result<void>>& result) {
  result = co_await stream.Write(bytes, "tail");
}

Task<void> ReadInto(Stream& stream, std::optional<Result<std::size_t>>& result) {
  std::array<char, 16> buffer;
  result = co_await stream.Read(buffer);
}

Task<std::string> ReadToEnd(Stream& stream) {
  std::string all;
  std::array<char, 4096> buffer;
  for (;;) {
    auto n = co_await stream.Read(buffer);
    if (!n || *n == 0) co_return all;
    all.append(buffer.data(), *n);
  }
}

class StreamTest : public ::testing::Test {
 protected:
  StreamTest() {
    auto fds = SocketPair();
    a_ = MakeStream(io_, std::move(fds[0]));
    b_ = MakeStream(io_, std::move(fds[1]));
  }

  asio::io_context io_;
  std::unique_ptr<Stream> a_;
  std::unique_ptr<Stream> b_;
  TaskGroup tasks_{io_};
};

TEST_F(StreamTest, AWriteLargerThanTheSocketsBufferArrivesWhole) {
  std::string sent(5'000'000, 'x');
  sent[4'999'999] = 'y';
  std::optional<Result<void>> written;
  tasks_.Spawn("write", WriteAll(*a_, sent, written));
  io_.poll();
  EXPECT_FALSE(written) << "the test wants a write that has to wait";
  std::string got;
  std::array<char, 65536> buffer;
  while (got.size() < sent.size() + 4) {
    auto n = RunToEnd(io_, b_->Read(buffer));
    ASSERT_TRUE(n && *n > 0);
    got.append(buffer.data(), *n);
  }
  EXPECT_TRUE(got == sent + "tail");
  io_.restart();
  io_.poll();
  ASSERT_TRUE(written);
  EXPECT_TRUE(*written);
}

TEST_F(StreamTest, TheEndOfThePeerReadsAsZero) {
  std::array<char, 8> buffer;
  EXPECT_TRUE(RunToEnd(io_, a_->Write("ab", "")));
  a_->EndWriting();
  EXPECT_EQ(RunToEnd(io_, ReadToEnd(*b_)), "ab");
  EXPECT_EQ(RunToEnd(io_, b_->Read(buffer)).value(), 0u);
  EXPECT_TRUE(RunToEnd(io_, b_->Write("still", "")));
}

TEST_F(StreamTest, AReadFailsOnceTheDeadlineHasCome) {
  std::array<char, 8> buffer;
  b_->SetDeadline(In(milliseconds(5)));
  EXPECT_EQ(RunToEnd(io_, b_->Read(buffer)).error().kind(), ErrorKind::kDeadline);
  EXPECT_EQ(RunToEnd(io_, b_->Read(buffer)).error().kind(), ErrorKind::kDeadline);
}

TEST_F(StreamTest, ADeadlineThatMovedEarlierCounts) {
  std::array<char, 8> buffer;
  b_->SetDeadline(In(hours(1)));
  b_->SetDeadline(In(milliseconds(5)));
  EXPECT_EQ(RunToEnd(io_, b_->Read(buffer)).error().kind(), ErrorKind::kDeadline);
}

TEST_F(StreamTest, ADeadlineThatMovedLaterDoesNotFailAtTheOldOne) {
  std::optional<Result<std::size_t>> read;
  b_->SetDeadline(In(milliseconds(2)));
  tasks_.Spawn("read", ReadInto(*b_, read));
  b_->SetDeadline(In(hours(1)));
  io_.run_for(milliseconds(20));
  EXPECT_FALSE(read);
  EXPECT_TRUE(RunToEnd(io_, a_->Write("x", "")));
  io_.restart();
  io_.poll();
  ASSERT_TRUE(read);
  EXPECT_EQ(read->value(), 1u);
}

TEST_F(StreamTest, AWriteFailsOnceTheDeadlineHasCome) {
  a_->SetDeadline(In(milliseconds(5)));
  const std::string big(5'000'000, 'x');
  EXPECT_EQ(RunToEnd(io_, a_->Write(big, "")).error().kind(), ErrorKind::kDeadline);
}

TEST_F(StreamTest, CloseFailsAReadUnderWayAsUnavailable) {
  std::optional<Result<std::size_t>> read;
  tasks_.Spawn("read", ReadInto(*b_, read));
  io_.poll();
  b_->Close();
  io_.restart();
  io_.poll();
  ASSERT_TRUE(read);
  EXPECT_EQ(read->error().kind(), ErrorKind::kUnavailable);
}

TEST_F(StreamTest, DestroyingTheStreamUnderAReadIsSafe) {
  std::optional<Result<std::size_t>> read;
  b_->SetDeadline(In(hours(1)));
  tasks_.Spawn("read", ReadInto(*b_, read));
  io_.poll();
  b_.reset();
  io_.restart();
  io_.poll();
  EXPECT_TRUE(read);
}

TEST_F(StreamTest, PeerGoneLooksBehindBytesThatNobodyRead) {
  EXPECT_TRUE(RunToEnd(io_, a_->Write("unread", "")));
  EXPECT_FALSE(b_->PeerGone());
  a_.reset();
  EXPECT_TRUE(b_->PeerGone());
  EXPECT_EQ(RunToEnd(io_, ReadToEnd(*b_)), "unread");
}

TEST_F(StreamTest, WritingToAPeerThatLeftIsUnavailableNotASignal) {
  a_.reset();
  EXPECT_EQ(RunToEnd(io_, b_->Write("x", "")).error().kind(), ErrorKind::kUnavailable);
}

TEST(ConnectTest, TcpConnectsToAListenerByAddressAndByName) {
  asio::io_context io;
  auto listener = ListenTcp("127.0.0.1", 0);
  ASSERT_TRUE(listener);
  const std::uint16_t port = PortOf(*listener).value();
  for (const char* host : {"127.0.0.1", "localhost"}) {
    auto stream = RunToEnd(io, ConnectTcp(host, port, In(std::chrono::seconds(20))));
    ASSERT_TRUE(stream) << stream.error().Describe();
    EXPECT_EQ((*stream)->peer(), "127.0.0.1:" + std::to_string(port));
  }
}

TEST(ConnectTest, AClosedPortIsUnavailableAndSaysWhere) {
  asio::io_context io;
  std::uint16_t port = 0;
  {
    auto listener = ListenTcp("127.0.0.1", 0);
    port = PortOf(*listener).value();
  }
  auto stream = RunToEnd(io, ConnectTcp("127.0.0.1", port, Deadline::Never()));
  ASSERT_FALSE(stream);
  EXPECT_EQ(stream.error().kind(), ErrorKind::kUnavailable);
  EXPECT_NE(stream.error().message().find(std::to_string(port)), std::string::npos);
}

TEST(ConnectTest, UnixConnectsAndAMissingPathIsUnavailable) {
  asio::io_context io;
  const testkit::TempFolder folder;
  const std::string path = folder.path() / "s";
  EXPECT_EQ(RunToEnd(io, ConnectUnix(path, Deadline::Never())).error().kind(),
            ErrorKind::kUnavailable);
  const base::Fd listener(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strcpy(address.sun_path, path.c_str());
  ASSERT_EQ(bind(listener.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  ASSERT_EQ(listen(listener.get(), 0), 0);
  auto first = RunToEnd(io, ConnectUnix(path, Deadline::Never()));
  ASSERT_TRUE(first);
  EXPECT_EQ((*first)->peer(), "unix");
  // The backlog is full now and nobody accepts.
  auto second = RunToEnd(io, ConnectUnix(path, In(milliseconds(10))));
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind(), ErrorKind::kDeadline);
}

TEST(ListenTest, APortInUseSaysSoAndWhatToDo) {
  auto first = ListenTcp("127.0.0.1", 0);
  const std::uint16_t port = PortOf(*first).value();
  auto second = ListenTcp("127.0.0.1", port);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().message(),
            "port " + std::to_string(port) +
                " is already in use: stop the other program or choose another port");
}

TEST(ListenTest, AnAddressThatIsNotOursSaysSo) {
  auto fd = ListenTcp("203.0.113.7", 0);
  ASSERT_FALSE(fd);
  EXPECT_NE(fd.error().message().find("203.0.113.7"), std::string::npos);
}

}  // namespace
}  // namespace ebb::net
