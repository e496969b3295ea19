#include "logs/log_store.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "net/task_group.h"
#include "testkit/run_task.h"
#include "testkit/temp_folder.h"

namespace ebb::logs {
namespace {

using namespace std::chrono_literals;
using testkit::RunToEnd;
using Messages = std::vector<std::string>;

class LogStoreTest : public ::testing::Test {
 protected:
  LogStoreTest() { Open({}); }

  void Open(Config config) {
    if (store_) RunToEnd(io_, store_->Stop());
    config.folder = folder_.path();
    store_.emplace(io_, pool_, clock_, config);
  }

  static invoke::OutputLog::Source From(const std::string& request,
                                        const std::string& function = "resize") {
    return {.account = "1234567890123456",
            .function = function,
            .version = "LATEST",
            .instance_id = "c-" + request,
            .request_id = request};
  }

  static LineFilter All(const std::string& function = "resize") {
    return {.account = "1234567890123456", .function = function, .request_id = {}, .since = {}};
  }

  static Messages MessagesOf(const std::vector<Line>& lines) {
    Messages messages;
    for (const Line& line : lines) messages.push_back(line.message);
    return messages;
  }

  Messages Read(LineFilter filter, int limit = 1000) {
    auto lines = RunToEnd(io_, store_->Read(std::move(filter), limit));
    return lines ? MessagesOf(*lines) : Messages{lines.error().Describe()};
  }

  std::vector<std::filesystem::path> Files() const {
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_.path())) {
      if (entry.is_regular_file()) files.push_back(entry.path());
    }
    return files;
  }

  testkit::TempFolder folder_;
  asio::io_context io_;
  ManualClock clock_;
  net::BlockingPool pool_{1};
  std::optional<LogStore> store_;
};

TEST_F(LogStoreTest, LinesAreReadBackInOrderWithWhereTheyCameFrom) {
  store_->Write(From("r1"), "one\ntwo\n");
  auto lines = RunToEnd(io_, store_->Read(All(), 10));
  ASSERT_TRUE(lines);
  EXPECT_EQ(MessagesOf(*lines), (Messages{"one", "two"}));
  EXPECT_EQ((*lines)[0].request_id, "r1");
  EXPECT_EQ((*lines)[0].instance_id, "c-r1");
  EXPECT_EQ((*lines)[0].version, "LATEST");
  EXPECT_EQ((*lines)[0].time, clock_.WallNow());
}

TEST_F(LogStoreTest, LinesOfRequestsThatRunAtOnceAreNotMixed) {
  store_->Write(From("r1"), "one ");
  store_->Write(From("r2"), "two ");
  store_->Write(From("r1"), "first\n");
  store_->Write(From("r2"), "second\n");
  EXPECT_EQ(Read(All()), (Messages{"one first", "two second"}));
}

TEST_F(LogStoreTest, UnfinishedLineIsKeptWhenItsAttemptEnds) {
  store_->Write(From("r1"), "no line end");
  EXPECT_EQ(Read(All()), Messages{});
  store_->End(From("r1"));
  EXPECT_EQ(Read(All()), Messages{"no line end"});
}

TEST_F(LogStoreTest, NoteStandsOnALineOfItsOwn) {
  store_->Write(From("r1"), "working");
  store_->Note(From("r1"), "FC Invoke End RequestId: r1");
  EXPECT_EQ(Read(All()), (Messages{"working", "FC Invoke End RequestId: r1"}));
}

TEST_F(LogStoreTest, FunctionsAndAccountsAreApart) {
  store_->Write(From("r1", "a"), "of a\n");
  store_->Write(From("r2", "b"), "of b\n");
  EXPECT_EQ(Read(All("a")), Messages{"of a"});
  LineFilter stranger = All("a");
  stranger.account = "9999999999999999";
  EXPECT_EQ(Read(stranger), Messages{});
}

TEST_F(LogStoreTest, NameThatLooksLikeAPathStaysInsideTheFolder) {
  store_->Write(From("r1", "../../evil"), "x\n");
  EXPECT_EQ(Read(All("../../evil")), Messages{"x"});
  EXPECT_EQ(Files().size(), 1u);
}

TEST_F(LogStoreTest, ReadGivesTheNewestThatMatchRequestAndTime) {
  store_->Write(From("r1"), "old\n");
  clock_.Advance(1s);
  const WallTime later = clock_.WallNow();
  store_->Write(From("r1"), "a\n");
  store_->Write(From("r2"), "b\n");
  store_->Write(From("r1"), "c\n");
  LineFilter filter = All();
  filter.request_id = "r1";
  EXPECT_EQ(Read(filter), (Messages{"old", "a", "c"}));
  EXPECT_EQ(Read(filter, 2), (Messages{"a", "c"}));
  filter.since = later;
  EXPECT_EQ(Read(filter), (Messages{"a", "c"}));
}

TEST_F(LogStoreTest, OldestLinesGoWhenTheSegmentsAreFull) {
  Open({.folder = {}, .max_segment_bytes = 200, .max_segments = 2});
  for (int i = 0; i < 40; ++i) store_->Write(From("r1"), "line " + std::to_string(i) + "\n");
  const Messages messages = Read(All());
  EXPECT_LT(messages.size(), 12u);
  ASSERT_FALSE(messages.empty());
  EXPECT_EQ(messages.back(), "line 39");
  EXPECT_LE(Files().size(), 2u);
}

TEST_F(LogStoreTest, RequestThatPrintsWithoutEndIsCutAndSaysSo) {
  Open({.folder = {}, .max_request_bytes = 1000});
  for (int i = 0; i < 1000; ++i) store_->Write(From("r1"), "0123456789\n");
  store_->Note(From("r1"), "FC Invoke End RequestId: r1");
  store_->End(From("r1"));
  const Messages messages = Read(All());
  ASSERT_GT(messages.size(), 3u);
  EXPECT_LT(messages.size(), 20u);
  EXPECT_NE(messages[messages.size() - 2].find("its limit of 1000 bytes"), std::string::npos);
  EXPECT_EQ(messages.back(), "FC Invoke End RequestId: r1");

  store_->Write(From("r1"), "again\n");  // The next attempt has its own allowance.
  EXPECT_EQ(Read(All()).back(), "again");
}

TEST_F(LogStoreTest, LinesThatTheDiskCannotTakeInTimeAreCounted) {
  Open({.folder = {}, .max_waiting_bytes = 1000});
  for (int i = 0; i < 100; ++i) store_->Write(From("r1"), "0123456789\n");
  const Messages messages = Read(All());
  EXPECT_LT(messages.size(), 100u);
  EXPECT_NE(messages.back().find("came faster than the disk"), std::string::npos);
}

TEST_F(LogStoreTest, LinesOutliveTheStore) {
  store_->Write(From("r1"), "before\n");
  Open({});  // Stops the first one, which flushes.
  store_->Write(From("r2"), "after\n");
  EXPECT_EQ(Read(All()), (Messages{"before", "after"}));
}

TEST_F(LogStoreTest, LineTornByACrashIsSkippedAndSpoilsNoOther) {
  store_->Write(From("r1"), "whole\n");
  RunToEnd(io_, store_->Flush());
  std::ofstream(Files().at(0), std::ios::app) << "2026-11-23T00:00:00.000Z r1 c-r1 LATEST tor";
  Open({});
  store_->Write(From("r2"), "next\n");
  EXPECT_EQ(Read(All()), (Messages{"whole", "next"}));
}

TEST_F(LogStoreTest, FollowerSeesWhatIsWrittenFromNowOnAndMatches) {
  store_->Write(From("r0"), "before\n");
  LineFilter filter = All();
  filter.request_id = "r1";
  auto follower = store_->Follow(filter);
  store_->Write(From("r1"), "one\n");
  store_->Write(From("r2"), "other request\n");
  store_->Write(From("r1", "b"), "other function\n");
  auto lines = RunToEnd(io_, follower->Next(Deadline()));
  ASSERT_TRUE(lines);
  EXPECT_EQ(MessagesOf(*lines), Messages{"one"});
}

TEST_F(LogStoreTest, FollowerThatWaitsIsWoken) {
  auto follower = store_->Follow(All());
  Result<std::vector<Line>> lines = Fail(Error::Internal("nothing yet"));
  struct Waits {
    static Task<void> Next(LogStore::Follower& from, Result<std::vector<Line>>& into) {
      into = co_await from.Next(Deadline());
    }
  };
  net::TaskGroup tasks(io_);
  tasks.Spawn("follow", Waits::Next(*follower, lines));
  io_.restart();
  io_.poll();
  EXPECT_FALSE(lines);
  store_->Write(From("r1"), "news\n");
  io_.restart();
  io_.poll();
  ASSERT_TRUE(lines);
  EXPECT_EQ(MessagesOf(*lines), Messages{"news"});
}

TEST_F(LogStoreTest, FollowerWhoseDeadlinePassesGetsNothing) {
  auto follower = store_->Follow(All());
  auto lines = RunToEnd(io_, follower->Next(Deadline(SystemClock().Now() + 5ms)));
  ASSERT_TRUE(lines);
  EXPECT_TRUE(lines->empty());
}

TEST_F(LogStoreTest, FollowersThatAreSentAwayGetTheRestFirst) {
  auto follower = store_->Follow(All());
  store_->Write(From("r1"), "last\n");
  store_->EndFollowing();
  EXPECT_EQ(MessagesOf(RunToEnd(io_, follower->Next(Deadline())).value()), Messages{"last"});
  auto gone = RunToEnd(io_, follower->Next(Deadline()));
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().kind(), ErrorKind::kUnavailable);
}

TEST_F(LogStoreTest, SlowFollowerIsToldHowMuchItLost) {
  Open({.folder = {}, .max_follower_lines = 2});
  auto follower = store_->Follow(All());
  for (int i = 0; i < 5; ++i) store_->Write(From("r1"), std::to_string(i) + "\n");
  auto lines = RunToEnd(io_, follower->Next(Deadline()));
  ASSERT_EQ(lines->size(), 3u);
  EXPECT_NE(lines->back().message.find("3 lines"), std::string::npos);
}

TEST_F(LogStoreTest, FollowerIsToldWhenTheStoreStops) {
  auto follower = store_->Follow(All());
  RunToEnd(io_, store_->Stop());
  auto lines = RunToEnd(io_, follower->Next(Deadline()));
  EXPECT_EQ(lines.error().kind(), ErrorKind::kUnavailable);
}

TEST_F(LogStoreTest, LogThatCannotBeWrittenLosesLinesAndNothingElse) {
  std::ofstream(folder_.path() / "a1234567890123456") << "a file where the folder should be";
  store_->Write(From("r1"), "lost\n");
  EXPECT_EQ(Read(All()), Messages{});
}

}  // namespace
}  // namespace ebb::logs
