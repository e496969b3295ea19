// The database under kill -9: what was acknowledged before is there after.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <cstdlib>

#include "base/check.h"
#include "base/fd.h"
#include "base/random.h"
#include "store/database.h"
#include "testkit/temp_folder.h"

namespace ebb::store {
namespace {

constexpr const char* kFileVariable = "EBB_CRASH_TEST_FILE";
constexpr int kAcknowledge = 3;  // The child's descriptor for acknowledged ids, 8 bytes each.
constexpr int kWriters = 8;

Migration Rows() {
  return {"rows", 1, {"CREATE TABLE rows_kept (id BIGINT PRIMARY KEY, body BLOB)"}};
}

std::unique_ptr<Database> Open(const base::Path& file) {
  auto opened = OpenEmbedded({.file = file}, {Rows()});
  EBB_CHECK(opened.has_value(), opened.error().Describe());
  return std::move(*opened);
}

std::int64_t HighestOf(Database& database, std::int64_t remainder) {
  std::int64_t highest = remainder;
  EBB_CHECK(database
                .ReadBlocking([&](Reader& reader) -> Result<void> {
                  auto rows =
                      reader.Query("SELECT COALESCE(MAX(id), ?) FROM rows_kept WHERE id % ? = ?",
                                   {remainder, std::int64_t{kWriters}, remainder});
                  if (!rows) return Fail(rows.error());
                  highest = rows->at(0).Int(0);
                  return {};
                })
                .has_value(),
            "read");
  return highest;
}

// Writes rows for ever; tells each id once it is acknowledged.
Task<void> KeepWriting(Database& database, std::int64_t next) {
  for (;; next += kWriters) {
    auto done = co_await database.Write([next](Transaction& tx) -> Result<void> {
      auto kept = tx.Execute("INSERT INTO rows_kept (id, body) VALUES (?, ?)",
                             {next, Blob{std::string(static_cast<std::size_t>(next % 7000), 'x')}});
      if (!kept) return Fail(kept.error());
      return {};
    });
    EBB_CHECK(done.has_value(), done.error().Describe());
    if (::write(kAcknowledge, &next, sizeof next) != sizeof next) co_return;
  }
}

// Not a test: what the child of the test below runs.
TEST(CrashChild, DISABLED_WritesUntilKilled) {
  const char* file = std::getenv(kFileVariable);
  ASSERT_NE(file, nullptr);
  auto database = Open(file);
  asio::io_context io;
  for (std::int64_t writer = 0; writer < kWriters; ++writer) {
    asio::co_spawn(io, KeepWriting(*database, HighestOf(*database, writer) + kWriters),
                   [](std::exception_ptr e) {
                     if (e) std::rethrow_exception(e);
                   });
  }
  io.run();
}

class Child {
 public:
  explicit Child(const base::Path& file) {
    int ends[2];
    EBB_CHECK(::pipe2(ends, O_CLOEXEC) == 0, "pipe2");
    from_child_ = base::Fd(ends[0]);
    const base::Fd to_parent(ends[1]);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, to_parent.get(), kAcknowledge);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    std::string program = "/proc/self/exe";
    std::string filter = "--gtest_filter=CrashChild.*";
    std::string disabled = "--gtest_also_run_disabled_tests";
    char* arguments[] = {program.data(), filter.data(), disabled.data(), nullptr};
    ::setenv(kFileVariable, file.c_str(), 1);
    const int failed = ::posix_spawn(&pid_, program.c_str(), &actions, nullptr, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    EBB_CHECK(failed == 0, "posix_spawn");
  }
  ~Child() { Kill(); }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  // The next acknowledged id; nullopt once the child is gone and all it said was read.
  std::optional<std::int64_t> NextAcknowledged() {
    std::int64_t id = 0;
    if (::read(from_child_.get(), &id, sizeof id) != sizeof id) return std::nullopt;
    return id;
  }

  void Kill() {
    if (pid_ == 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = 0;
  }

 private:
  pid_t pid_ = 0;
  base::Fd from_child_;
};

TEST(CrashTest, EverythingAcknowledgedIsThereAfterKill) {
  testkit::TempFolder folder;
  const base::Path file = folder.path() / "ebb.db";
  SystemRandom random;
  std::vector<std::int64_t> acknowledged;
  for (int round = 0; round < 6; ++round) {
    Child child(file);
    const auto kill_after = 1 + random.Uint64() % 600;
    for (std::uint64_t i = 0; i < kill_after; ++i) {
      const auto id = child.NextAcknowledged();
      ASSERT_TRUE(id) << "the child ended by itself";
      acknowledged.push_back(*id);
    }
    child.Kill();
    while (const auto id = child.NextAcknowledged()) acknowledged.push_back(*id);

    auto database = Open(file);
    ASSERT_TRUE(database->ReadBlocking([&](Reader& reader) -> Result<void> {
      EXPECT_EQ(reader.Query("PRAGMA integrity_check")->at(0).Text(0), "ok");
      for (const std::int64_t id : acknowledged) {
        const auto rows = reader.Query("SELECT LENGTH(body) FROM rows_kept WHERE id = ?", {id});
        EXPECT_EQ(rows->size(), 1u) << "row " << id << " was acknowledged and is lost";
        if (!rows->empty()) EXPECT_EQ(rows->at(0).Int(0), id % 7000);
      }
      return {};
    }));
  }
}

}  // namespace
}  // namespace ebb::store
