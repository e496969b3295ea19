#include "store/connection.h"

#include <fcntl.h>

#include <cerrno>

#include "base/fd.h"
#include "store/running_statement.h"
#include "store/sqlite_error.h"

namespace ebb::store {
namespace {

std::span<const Value> AsSpan(std::initializer_list<Value> values) {
  return {values.begin(), values.size()};
}

// SQLite makes its files with the mode of the database file, and that one with the umask; it holds
// access keys.
Result<void> MakePrivateFile(const base::Path& file) {
  const base::Fd fd(::open(file.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600));
  if (!fd.valid()) return Fail(Error::System("open " + file.string(), errno));
  return {};
}

}  // namespace

Connection::Connection(std::unique_ptr<sqlite3, Close> handle)
    : handle_(std::move(handle)), statements_(handle_.get()) {}

Result<std::unique_ptr<Connection>> Connection::Open(const base::Path& file, Access access,
                                                     const std::string& vfs) {
  if (access == Access::kWrite) {
    if (auto made = MakePrivateFile(file); !made) return Fail(made.error());
  }
  sqlite3* raw = nullptr;
  // Readers too: in WAL mode a reader writes to the shared-memory file.
  const int code = sqlite3_open_v2(file.c_str(), &raw, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX,
                                   vfs.empty() ? nullptr : vfs.c_str());
  std::unique_ptr<sqlite3, Close> handle(raw);
  if (code != SQLITE_OK) return Fail(FromSqlite(handle.get(), code, {}).With(file.string()));
  std::unique_ptr<Connection> connection(new Connection(std::move(handle)));
  if (auto ready = connection->SetUp(access); !ready) {
    return Fail(ready.error().With(file.string()));
  }
  return connection;
}

Result<void> Connection::SetUp(Access access) {
  sqlite3_extended_result_codes(handle_.get(), 1);
  // Only other programs (a person's sqlite3) can make us wait.
  sqlite3_busy_timeout(handle_.get(), 5000);
  std::vector<const char*> pragmas = {"PRAGMA foreign_keys = ON", "PRAGMA temp_store = MEMORY",
                                      "PRAGMA cache_size = -8192"};
  if (access == Access::kWrite) {
    pragmas.push_back("PRAGMA journal_mode = WAL");
    pragmas.push_back("PRAGMA synchronous = FULL");  // fsync of the log at every commit.
    // 16 MiB: a checkpoint costs two fsyncs and stops the writer, so not at every 4 MiB as SQLite
    // would.  Guessed from the size of a group of commits; a longer log makes reads slower.
    pragmas.push_back("PRAGMA wal_autocheckpoint = 4096");
    pragmas.push_back("PRAGMA journal_size_limit = 67108864");
  } else {
    pragmas.push_back("PRAGMA query_only = ON");
  }
  for (const char* pragma : pragmas) {
    if (auto rows = Query(pragma, std::span<const Value>{}); !rows) return Fail(rows.error());
  }
  return {};
}

Result<std::vector<Row>> Connection::Query(std::string_view sql,
                                           std::initializer_list<Value> parameters) {
  return Query(sql, AsSpan(parameters));
}

Result<std::vector<Row>> Connection::Query(std::string_view sql,
                                           std::span<const Value> parameters) {
  auto statement = statements_.Get(sql);
  if (!statement) return Fail(statement.error());
  RunningStatement running(*statement);
  if (const int code = running.Bind(parameters); code != SQLITE_OK) {
    return Fail(FromSqlite(handle_.get(), code, sql));
  }
  std::vector<Row> rows;
  for (;;) {
    const int code = sqlite3_step(*statement);
    if (code == SQLITE_DONE) return rows;
    if (code != SQLITE_ROW) return Fail(FromSqlite(handle_.get(), code, sql));
    rows.emplace_back(running.Columns());
  }
}

Result<std::int64_t> Connection::Execute(std::string_view sql,
                                         std::initializer_list<Value> parameters) {
  return Execute(sql, AsSpan(parameters));
}

Result<std::int64_t> Connection::Execute(std::string_view sql, std::span<const Value> parameters) {
  auto statement = statements_.Get(sql);
  if (!statement) return Fail(statement.error());
  RunningStatement running(*statement);
  if (const int code = running.Bind(parameters); code != SQLITE_OK) {
    return Fail(FromSqlite(handle_.get(), code, sql));
  }
  const auto before = sqlite3_total_changes64(handle_.get());
  int code = SQLITE_ROW;
  while (code == SQLITE_ROW) code = sqlite3_step(*statement);
  if (code != SQLITE_DONE) return Fail(FromSqlite(handle_.get(), code, sql));
  // CREATE and its like leave the count of the statement before them.
  if (sqlite3_total_changes64(handle_.get()) == before) return 0;
  return sqlite3_changes64(handle_.get());
}

Result<void> Connection::Control(std::string_view sql) {
  auto done = Execute(sql, std::span<const Value>{});
  if (!done) return Fail(done.error());
  return {};
}

bool Connection::in_transaction() const { return sqlite3_get_autocommit(handle_.get()) == 0; }

void Connection::Rollback() {
  // Its result says nothing that helps: after it there is no transaction, even if it failed on the
  // way because the disk did.
  if (in_transaction()) (void)Control("ROLLBACK");
}

}  // namespace ebb::store
