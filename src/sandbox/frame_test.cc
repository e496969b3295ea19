#include "sandbox/frame.h"

#include <gtest/gtest.h>

#include "sandbox/orders.h"
#include "testkit/run_task.h"

namespace ebb::sandbox {
namespace {

class FrameTest : public testing::Test {
 protected:
  void SetUp() override {
    auto pair = MakeStreamPair();
    ASSERT_TRUE(pair);
    ours_ = net::MakeStream(io_, std::move(pair->ours));
    theirs_ = std::move(pair->theirs);
  }
  void Send(std::string_view bytes) {
    ASSERT_EQ(write(theirs_.get(), bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
  }
  Result<Frame> Read(FrameLimits limits = {}) {
    return testkit::RunToEnd(io_, reader_.Read(*ours_, limits));
  }

  asio::io_context io_;
  std::unique_ptr<net::Stream> ours_;
  base::Fd theirs_;
  FrameReader reader_;
};

TEST_F(FrameTest, ReadsWhatWasFormatted) {
  Send(FormatFrameHead(FrameKind::kAnswer, "{}", 4) + "body");
  auto frame = Read();
  ASSERT_TRUE(frame);
  EXPECT_EQ(frame->kind, FrameKind::kAnswer);
  EXPECT_EQ(frame->header, "{}");
  EXPECT_EQ(frame->body, "body");
}

TEST_F(FrameTest, ReadsFramesThatCameTogetherOneByOne) {
  Send(FormatFrameHead(FrameKind::kBooted, "", 0) + FormatFrameHead(FrameKind::kLoaded, "x", 0));
  EXPECT_EQ(Read()->kind, FrameKind::kBooted);
  EXPECT_EQ(Read()->header, "x");
}

TEST_F(FrameTest, RefusesFramesOverTheLimits) {
  Send(FormatFrameHead(FrameKind::kAnswer, "", 101));
  auto frame = Read({.header = 10, .body = 100});
  ASSERT_FALSE(frame);
  EXPECT_EQ(frame.error().kind(), ErrorKind::kInvalid);
}

TEST_F(FrameTest, RefusesHeadersOverTheLimitOrBeyondTheFrame) {
  Send(FormatFrameHead(FrameKind::kAnswer, "12345678901", 0));
  EXPECT_EQ(Read({.header = 10, .body = 100}).error().kind(), ErrorKind::kInvalid);
}

TEST_F(FrameTest, RefusesLengthsThatCannotBe) {
  Send(std::string_view("\x04\0\0\0A\0\0\0\0", 9));  // Less than kind and header length.
  EXPECT_EQ(Read().error().kind(), ErrorKind::kInvalid);
}

TEST_F(FrameTest, TellsWhenTheStreamEndsInTheMiddle) {
  Send(FormatFrameHead(FrameKind::kAnswer, "", 10) + "part");
  theirs_.Reset();
  EXPECT_EQ(Read().error().kind(), ErrorKind::kUnavailable);
}

}  // namespace
}  // namespace ebb::sandbox
