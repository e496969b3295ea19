// The database on a disk that fails: every operation once, each in its turn.
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <latch>
#include <set>
#include <thread>
#include <tuple>

#include "base/check.h"
#include "store/database.h"
#include "store/fake_disk.h"
#include "testkit/small_disk.h"
#include "testkit/temp_folder.h"

namespace ebb::store {
namespace {

Migration Rows() {
  return {"rows", 1, {"CREATE TABLE rows_kept (id BIGINT PRIMARY KEY, body BLOB)"}};
}

WriteJob Insert(std::int64_t id, std::size_t bytes) {
  return [id, bytes](Transaction& tx) -> Result<void> {
    auto done = tx.Execute("INSERT INTO rows_kept (id, body) VALUES (?, ?)",
                           {id, Blob{std::string(bytes, 'x')}});
    if (!done) return Fail(done.error());
    return {};
  };
}

std::set<std::int64_t> Ids(Database& database) {
  std::set<std::int64_t> ids;
  auto read = database.ReadBlocking([&](Reader& reader) -> Result<void> {
    auto rows = reader.Query("SELECT id FROM rows_kept");
    if (!rows) return Fail(rows.error());
    for (const Row& row : *rows) ids.insert(row.Int(0));
    return {};
  });
  EBB_CHECK(read.has_value(), read.error().Describe());
  return ids;
}

// One database on one disk, and what it acknowledged.
class Trial {
 public:
  explicit Trial(FakeDisk& disk) : config_{.file = folder_.path() / "ebb.db", .vfs = disk.name()} {}

  Result<void> Open() {
    auto opened = OpenEmbedded(config_, {Rows()});
    if (!opened) return Fail(opened.error());
    database_ = std::move(*opened);
    return {};
  }
  void Close() { database_.reset(); }
  Database& database() { return *database_; }

  void WriteOne(std::int64_t id, std::size_t bytes = 100) {
    Note(id, database_->WriteBlocking(Insert(id, bytes)));
  }

  // All in one commit: the writer is held until they have gathered.
  void WriteTogether(std::int64_t from, std::int64_t to, std::size_t bytes) {
    asio::io_context io;
    std::latch held(1);
    std::latch gathered(1);
    std::jthread holder([&] {
      // May fail too: nothing hangs on it.
      std::ignore = database_->WriteBlocking([&](Transaction&) -> Result<void> {
        held.count_down();
        gathered.wait();
        return {};
      });
    });
    held.wait();  // Else the writer may take the first write before the holder.
    for (std::int64_t id = from; id < to; ++id) {
      asio::co_spawn(io, database_->Write(Insert(id, bytes)),
                     [this, id](std::exception_ptr, const Result<void>& r) { Note(id, r); });
    }
    io.poll();
    gathered.count_down();
    io.run();
  }

  // What holds at every moment: all that was acknowledged is there, and nothing else.
  void ExpectExactlyTheAcknowledged() { EXPECT_EQ(Ids(*database_), acknowledged_); }

  std::set<std::int64_t> acknowledged_;
  std::vector<Error> errors_;

 private:
  void Note(std::int64_t id, const Result<void>& result) {
    if (result) {
      acknowledged_.insert(id);
    } else {
      errors_.push_back(result.error());
    }
  }

  testkit::TempFolder folder_;
  EmbeddedConfig config_;
  std::unique_ptr<Database> database_;
};

class FaultTest : public ::testing::TestWithParam<FakeDisk::Failure> {};

INSTANTIATE_TEST_SUITE_P(Each, FaultTest,
                         ::testing::Values(FakeDisk::Failure::kFull, FakeDisk::Failure::kBroken),
                         [](const auto& info) {
                           return info.param == FakeDisk::Failure::kFull ? "Full" : "Broken";
                         });

TEST_P(FaultTest, WritesBesideAFailingDiskAreKeptOrRefusedAndTheDatabaseGoesOn) {
  for (int nth = 1;; ++nth) {
    SCOPED_TRACE("operation " + std::to_string(nth) + " fails");
    FakeDisk disk;
    Trial trial(disk);
    ASSERT_TRUE(trial.Open());
    trial.WriteOne(1);
    disk.FailOnce(nth, GetParam());
    trial.WriteOne(2);
    trial.WriteTogether(10, 14, 20'000);
    trial.WriteOne(3);
    const bool failed = disk.failed();
    disk.Mend();
    trial.ExpectExactlyTheAcknowledged();
    for (const Error& error : trial.errors_) EXPECT_EQ(error.kind(), ErrorKind::kUnavailable);
    trial.WriteOne(4);
    EXPECT_TRUE(trial.acknowledged_.contains(4));
    trial.Close();
    ASSERT_TRUE(trial.Open());
    trial.ExpectExactlyTheAcknowledged();
    if (!failed) {
      EXPECT_GT(nth, 20);  // It did go through writes, not only through the first.
      break;
    }
  }
}

TEST_P(FaultTest, WritesTooBigForTheCacheFailWholeToo) {
  bool failed_before_commit = false;
  // Steps over most of the thousands of page writes.
  for (int nth = 1;; nth *= 2) {
    SCOPED_TRACE("operation " + std::to_string(nth) + " fails");
    FakeDisk disk;
    Trial trial(disk);
    ASSERT_TRUE(trial.Open());
    disk.FailOnce(nth, GetParam());
    trial.WriteTogether(1, 4, 4'000'000);
    const bool failed = disk.failed();
    disk.Mend();
    trial.WriteOne(9);
    trial.ExpectExactlyTheAcknowledged();
    EXPECT_TRUE(trial.acknowledged_.contains(9));
    for (const Error& error : trial.errors_) {
      if (error.detail().contains("INSERT")) failed_before_commit = true;
    }
    trial.Close();
    ASSERT_TRUE(trial.Open());
    trial.ExpectExactlyTheAcknowledged();
    if (!failed) break;
  }
  EXPECT_TRUE(failed_before_commit);  // The cache did overflow.
}

TEST_P(FaultTest, OpeningFailsOrWorksAndWorksOnceTheDiskDoes) {
  for (int nth = 1;; ++nth) {
    SCOPED_TRACE("operation " + std::to_string(nth) + " fails");
    FakeDisk disk;
    Trial trial(disk);
    disk.FailOnce(nth, GetParam());
    auto opened = trial.Open();
    const bool failed = disk.failed();
    disk.Mend();
    if (!opened) {
      EXPECT_EQ(opened.error().kind(), ErrorKind::kUnavailable) << opened.error().Describe();
      ASSERT_TRUE(trial.Open());
    }
    trial.WriteOne(1);
    trial.ExpectExactlyTheAcknowledged();
    EXPECT_TRUE(trial.acknowledged_.contains(1));
    if (!failed) break;
  }
}

TEST(FaultTest, FullDiskIsCalledThat) {
  FakeDisk disk;
  Trial trial(disk);
  ASSERT_TRUE(trial.Open());
  disk.FailOnce(1, FakeDisk::Failure::kFull);
  trial.WriteOne(1);
  ASSERT_EQ(trial.errors_.size(), 1u);
  EXPECT_EQ(trial.errors_[0].message(), "disk full");
}

TEST(FaultTest, DiskThatIsReallyFullIsCalledThatAndWorksAgainWithRoom) {
  testkit::TempFolder folder;
  const testkit::SmallDisk disk(folder.path() / "small", "size=2m");
  if (!disk.mounted()) GTEST_SKIP() << "needs the right to mount";
  auto opened = OpenEmbedded({.file = disk.path() / "ebb.db"}, {Rows()});
  ASSERT_TRUE(opened) << opened.error().Describe();
  Database& database = **opened;
  const base::Path ballast = disk.path() / "ballast";
  ASSERT_TRUE(base::SaveFile(ballast, std::string(1'000'000, 'x'), base::FileMode::kPrivate));
  std::set<std::int64_t> acknowledged;
  Result<void> result;
  for (std::int64_t id = 0; result && id < 1000; ++id) {
    result = database.WriteBlocking(Insert(id, 10'000));
    if (result) acknowledged.insert(id);
  }
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind(), ErrorKind::kUnavailable);
  EXPECT_EQ(result.error().message(), "disk full");
  EXPECT_EQ(Ids(database), acknowledged);
  std::filesystem::remove(ballast);
  EXPECT_TRUE(database.WriteBlocking(Insert(5000, 10'000)));
  acknowledged.insert(5000);
  opened->reset();
  auto reopened = OpenEmbedded({.file = disk.path() / "ebb.db"}, {Rows()});
  ASSERT_TRUE(reopened);
  EXPECT_EQ(Ids(**reopened), acknowledged);
  reopened->reset();
}

TEST(FaultTest, EveryWriteOfAGroupWhoseCommitFailsHasFailed) {
  FakeDisk disk;
  Trial trial(disk);
  ASSERT_TRUE(trial.Open());
  trial.WriteOne(1);
  disk.FailOnce(1, FakeDisk::Failure::kBroken);
  trial.WriteTogether(10, 15, 100);
  EXPECT_EQ(trial.errors_.size(), 5u);
  trial.ExpectExactlyTheAcknowledged();
}

TEST(FaultTest, PowerCutKeepsEverythingAcknowledged) {
  FakeDisk disk;
  Trial trial(disk);
  ASSERT_TRUE(trial.Open());
  for (std::int64_t id = 0; id < 20; ++id) {
    trial.WriteOne(id, 3000);
    testkit::TempFolder after;
    disk.SaveSynced(after.path());
    auto reopened = OpenEmbedded({.file = after.path() / "ebb.db"}, {Rows()});
    ASSERT_TRUE(reopened) << reopened.error().Describe();
    EXPECT_EQ(Ids(**reopened), trial.acknowledged_);
  }
}

}  // namespace
}  // namespace ebb::store
