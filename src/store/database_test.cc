#include "store/database.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/this_coro.hpp>
#include <latch>
#include <thread>

#include "testkit/run_task.h"
#include "testkit/temp_folder.h"

namespace ebb::store {
namespace {

using testkit::RunToEnd;

Migration Things(int version = 1) {
  if (version == 1) {
    return {"things", 1, {"CREATE TABLE things (name TEXT PRIMARY KEY, size BIGINT, body BLOB)"}};
  }
  return {"things", version, {"ALTER TABLE things ADD COLUMN colour TEXT"}};
}

WriteJob Insert(std::string name, std::int64_t size = 1) {
  return [name = std::move(name), size](Transaction& tx) -> Result<void> {
    auto done = tx.Execute("INSERT INTO things (name, size) VALUES (?, ?)", {name, size});
    if (!done) return Fail(done.error());
    return {};
  };
}

class DatabaseTest : public ::testing::Test {
 protected:
  std::unique_ptr<Database> Open(EmbeddedConfig config = {}) {
    config.file = folder_.path() / "ebb.db";
    auto opened = OpenEmbedded(config, {Things()});
    EBB_CHECK(opened.has_value(), opened.error().Describe());
    return std::move(*opened);
  }
  static std::vector<std::string> Names(Database& database) {
    std::vector<std::string> names;
    auto read = database.ReadBlocking([&](Reader& reader) -> Result<void> {
      auto rows = reader.Query("SELECT name FROM things ORDER BY name");
      if (!rows) return Fail(rows.error());
      for (const Row& row : *rows) names.push_back(row.Text(0));
      return {};
    });
    EBB_CHECK(read.has_value(), read.error().Describe());
    return names;
  }
  using NameList = std::vector<std::string>;

  testkit::TempFolder folder_;
  asio::io_context io_;
};

TEST_F(DatabaseTest, EveryKindOfValueComesBackAsItWentIn) {
  auto database = Open();
  const std::string odd("a\0b", 3);
  ASSERT_TRUE(database->WriteBlocking([&](Transaction& tx) -> Result<void> {
    EXPECT_EQ(
        *tx.Execute("CREATE TABLE all_kinds (i BIGINT, r REAL, t TEXT, b BLOB, e BLOB, n TEXT)"),
        0);
    EXPECT_EQ(*tx.Execute("INSERT INTO all_kinds VALUES (?, ?, ?, ?, ?, ?)",
                          {std::int64_t{-7}, 1.5, odd, Blob{odd}, Blob{}, Value{}}),
              1);
    return {};
  }));
  ASSERT_TRUE(database->ReadBlocking([&](Reader& reader) -> Result<void> {
    const auto rows = reader.Query("SELECT i, r, t, b, e, n FROM all_kinds");
    const Row& row = rows->at(0);
    EXPECT_EQ(row.Int(0), -7);
    EXPECT_EQ(row.Real(1), 1.5);
    EXPECT_EQ(row.Text(2), odd);
    EXPECT_EQ(row.Bytes(3), odd);
    EXPECT_EQ(row.Bytes(4), "");
    EXPECT_TRUE(row.IsNull(5));
    EXPECT_THROW((void)row.Int(2), BugError);
    EXPECT_THROW((void)row.IsNull(6), BugError);
    return {};
  }));
}

TEST_F(DatabaseTest, WhatWasWrittenIsThereAfterReopening) {
  ASSERT_TRUE(RunToEnd(io_, Open()->Write(Insert("a"))));
  EXPECT_EQ(Names(*Open()), NameList{"a"});
}

TEST_F(DatabaseTest, FileIsReadableByItsOwnerOnly) {
  auto database = Open();
  for (const char* name : {"ebb.db", "ebb.db-wal", "ebb.db-shm"}) {
    struct stat status{};
    ASSERT_EQ(stat((folder_.path() / name).c_str(), &status), 0) << name;
    EXPECT_EQ(status.st_mode & 0777, 0600u) << name;
  }
}

TEST_F(DatabaseTest, JobsThatGiveSomethingBackDo) {
  auto database = Open();
  auto written = RunToEnd(io_, database->Writing<int>([](Transaction& tx) -> Result<int> {
    if (auto done = Insert("a")(tx); !done) return Fail(done.error());
    return 42;
  }));
  EXPECT_EQ(written, 42);
  auto read = RunToEnd(io_, database->Reading<std::int64_t>([](Reader& r) -> Result<std::int64_t> {
    return r.Query("SELECT COUNT(*) FROM things")->at(0).Int(0);
  }));
  EXPECT_EQ(read, 1);
}

TEST_F(DatabaseTest, FailedWriteLeavesNothingBehindAndThoseBesideItStand) {
  auto database = Open();
  std::latch gathered(1);
  // Holds the writer so that the next three share one commit.
  std::jthread first([&] {
    (void)database->WriteBlocking([&](Transaction&) -> Result<void> {
      gathered.wait();
      return {};
    });
  });
  NameList outcomes;
  auto keep = [&](std::string name, Task<Result<void>> write) -> Task<void> {
    auto done = co_await std::move(write);
    outcomes.push_back(name + (done ? " ok" : " failed"));
  };
  auto half = [](Transaction& tx) -> Result<void> {
    (void)Insert("half")(tx);
    return Fail(Error::Invalid("changed my mind"));
  };
  asio::co_spawn(io_, keep("a", database->Write(Insert("a"))), [](std::exception_ptr) {});
  asio::co_spawn(io_, keep("half", database->Write(half)), [](std::exception_ptr) {});
  asio::co_spawn(io_, keep("b", database->Write(Insert("b"))), [](std::exception_ptr) {});
  io_.poll();
  gathered.count_down();
  io_.run();
  EXPECT_EQ(outcomes, (NameList{"a ok", "half failed", "b ok"}));
  EXPECT_EQ(Names(*database), (NameList{"a", "b"}));
}

TEST_F(DatabaseTest, ConstraintThatRefusesIsAConflictAndTheWriteMayGoOn) {
  auto database = Open();
  ASSERT_TRUE(database->WriteBlocking(Insert("a")));
  EXPECT_EQ(database->WriteBlocking(Insert("a")).error().kind(), ErrorKind::kConflict);
  EXPECT_TRUE(database->WriteBlocking([](Transaction& tx) -> Result<void> {
    EXPECT_FALSE(Insert("a")(tx));
    return Insert("b")(tx);
  }));
  EXPECT_EQ(Names(*database), (NameList{"a", "b"}));
}

TEST_F(DatabaseTest, BadSqlIsABugOfOursAndSaysTheStatementInTheLogOnly) {
  auto database = Open();
  for (const char* sql : {"SELEC 1", "SELECT nothing FROM things", "SELECT 1; SELECT 2", ""}) {
    auto done = database->ReadBlocking(
        [&](Reader& reader) -> Result<void> { return Fail(reader.Query(sql).error()); });
    EXPECT_EQ(done.error().kind(), ErrorKind::kInternal) << sql;
    EXPECT_EQ(done.error().message(), "a database statement failed");
    EXPECT_NE(done.error().detail().find(sql), std::string::npos);
  }
}

TEST_F(DatabaseTest, WrongNumberOfParametersIsABugOfOurs) {
  auto done = Open()->ReadBlocking([&](Reader& reader) -> Result<void> {
    return Fail(reader.Query("SELECT ?", {std::int64_t{1}, std::int64_t{2}}).error());
  });
  EXPECT_EQ(done.error().kind(), ErrorKind::kInternal);
}

TEST_F(DatabaseTest, ExceptionFromAJobReachesItsCallerAndTheDatabaseLives) {
  auto database = Open();
  auto bug = [](Transaction& tx) -> Result<void> {
    (void)Insert("half")(tx);
    EBB_CHECK(false, "a bug");
    return {};
  };
  EXPECT_THROW((void)RunToEnd(io_, database->Write(bug)), BugError);
  EXPECT_THROW((void)database->WriteBlocking(bug), BugError);
  EXPECT_THROW((void)database->ReadBlocking([](Reader&) -> Result<void> { throw BugError("x"); }),
               BugError);
  EXPECT_TRUE(database->WriteBlocking(Insert("a")));
  EXPECT_EQ(Names(*database), NameList{"a"});
}

TEST_F(DatabaseTest, ReadersCannotWrite) {
  auto done = Open()->ReadBlocking([](Reader& reader) -> Result<void> {
    auto rows = reader.Query("INSERT INTO things (name) VALUES ('a')");
    if (!rows) return Fail(rows.error());
    return {};
  });
  EXPECT_FALSE(done);
}

TEST_F(DatabaseTest, ReadSeesOneSnapshotWhileTheWriterGoesOn) {
  auto database = Open();
  ASSERT_TRUE(database->WriteBlocking(Insert("a")));
  ASSERT_TRUE(database->ReadBlocking([&](Reader& reader) -> Result<void> {
    const auto before = reader.Query("SELECT COUNT(*) FROM things")->at(0).Int(0);
    EXPECT_TRUE(database->WriteBlocking(Insert("b")));
    EXPECT_EQ(reader.Query("SELECT COUNT(*) FROM things")->at(0).Int(0), before);
    return {};
  }));
  EXPECT_EQ(Names(*database), (NameList{"a", "b"}));
}

TEST_F(DatabaseTest, CallerResumesOnItsOwnThread) {
  auto database = Open();
  auto threads = [](Database& db) -> Task<bool> {
    const auto mine = std::this_thread::get_id();
    auto written = co_await db.Write(Insert("a"));
    const bool after_write = written && std::this_thread::get_id() == mine;
    auto read = co_await db.Read([](Reader&) -> Result<void> { return {}; });
    co_return after_write&& read&& std::this_thread::get_id() == mine;
  };
  EXPECT_TRUE(RunToEnd(io_, threads(*database)));
}

TEST_F(DatabaseTest, WriteOfACancelledCallerHappensAllTheSame) {
  auto database = Open();
  std::latch held(1);
  asio::cancellation_signal cancel;
  bool ended = false;
  asio::co_spawn(io_, database->Writing<int>([&](Transaction& tx) -> Result<int> {
    held.wait();
    if (auto done = Insert("a")(tx); !done) return Fail(done.error());
    return 1;
  }),
                 asio::bind_cancellation_slot(
                     cancel.slot(), [&](std::exception_ptr, const Result<int>&) { ended = true; }));
  io_.poll();
  cancel.emit(asio::cancellation_type::terminal);
  io_.poll();
  EXPECT_FALSE(ended);  // The job may still touch the caller's frame.
  held.count_down();
  io_.run();
  EXPECT_TRUE(ended);
  EXPECT_EQ(Names(*database), NameList{"a"});
}

TEST_F(DatabaseTest, DestroyingFinishesWhatWasHandedIn) {
  auto database = Open();
  for (int i = 0; i < 10; ++i) {
    asio::co_spawn(io_, database->Write(Insert(std::to_string(i))), [](auto, auto) {});
  }
  io_.poll();
  database.reset();
  io_.run();
  EXPECT_EQ(Names(*Open()).size(), 10u);
}

TEST_F(DatabaseTest, StatementsBuiltAtRunTimeDoNotPileUp) {
  auto database = Open();
  EXPECT_TRUE(database->ReadBlocking([](Reader& reader) -> Result<void> {
    for (int i = 0; i < 1000; ++i) {
      auto rows = reader.Query("SELECT " + std::to_string(i));
      if (!rows) return Fail(rows.error());
      EXPECT_EQ(rows->at(0).Int(0), i);
    }
    return {};
  }));
}

TEST_F(DatabaseTest, NewMigrationsRunOnceOnTopOfTheOldOnes) {
  ASSERT_TRUE(Open()->WriteBlocking(Insert("a")));
  const EmbeddedConfig config{.file = folder_.path() / "ebb.db"};
  for (int i = 0; i < 2; ++i) {
    auto opened = OpenEmbedded(config, {Things(1), Things(2)});
    ASSERT_TRUE(opened) << opened.error().Describe();
    EXPECT_EQ(Names(**opened), NameList{"a"});
  }
}

TEST_F(DatabaseTest, DataOfANewerProgramIsRefusedByName) {
  const EmbeddedConfig config{.file = folder_.path() / "ebb.db"};
  ASSERT_TRUE(OpenEmbedded(config, {Things(1), Things(2)}));
  auto old = OpenEmbedded(config, {Things(1)});
  ASSERT_FALSE(old);
  EXPECT_EQ(old.error().kind(), ErrorKind::kConflict);
  EXPECT_NE(old.error().message().find("\"things\""), std::string::npos);
}

TEST_F(DatabaseTest, MigrationThatFailsLeavesTheFileAsItWas) {
  const EmbeddedConfig config{.file = folder_.path() / "ebb.db"};
  Migration bad{"bad", 1, {"CREATE TABLE half (a TEXT)", "CREATE TABEL typo (a TEXT)"}};
  EXPECT_FALSE(OpenEmbedded(config, {Things(), bad}));
  bad.statements.back() = "CREATE TABLE typo (a TEXT)";
  EXPECT_TRUE(OpenEmbedded(config, {Things(), bad}));
}

TEST_F(DatabaseTest, FileThatIsNoDatabaseIsRefused) {
  const auto file = folder_.path() / "ebb.db";
  ASSERT_TRUE(base::SaveFile(file, std::string(8192, 'x'), base::FileMode::kPrivate));
  auto opened = OpenEmbedded({.file = file}, {Things()});
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().kind(), ErrorKind::kUnavailable);
}

TEST_F(DatabaseTest, FolderThatIsMissingIsSaid) {
  auto opened = OpenEmbedded({.file = folder_.path() / "no" / "ebb.db"}, {});
  ASSERT_FALSE(opened);
  EXPECT_NE(opened.error().message().find("No such file"), std::string::npos);
}

}  // namespace
}  // namespace ebb::store
