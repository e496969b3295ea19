// store/database.h
// Durable tables.  Alone: one SQLite file, one writer thread, group commit.  Later, together: the
// same statements on PostgreSQL.  Statements are plain SQL that both dialects take; parameters are
// `?`.
//
// A write is a function that runs inside a transaction.  Many writes that arrive together share one
// commit (one fsync); each still succeeds or fails by itself (a savepoint each).  Anything that
// must happen in one step is done in ONE write, by whichever modules take part: each offers
// functions that take a Transaction&.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/check.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "net/task.h"

namespace ebb::store {

// One SQL value.  Blob marks bytes that are not text.
struct Blob {
  std::string bytes;
  friend bool operator==(const Blob&, const Blob&) = default;
};
using Value = std::variant<std::monostate, std::int64_t, double, std::string, Blob>;

// One row of a result.  Reading a column as a type that it is not is a bug.
class Row {
 public:
  explicit Row(std::vector<Value> values) : values_(std::move(values)) {}
  std::int64_t Int(std::size_t column) const;
  double Real(std::size_t column) const;
  const std::string& Text(std::size_t column) const;
  const std::string& Bytes(std::size_t column) const;
  bool IsNull(std::size_t column) const;

 private:
  std::vector<Value> values_;
};

// Runs statements.  Valid only inside the function that it was handed to.
class Reader {
 public:
  virtual ~Reader() = default;
  // Errors: kUnavailable the disk failed or is full ("disk full" is said so); kInternal bad SQL.
  virtual Result<std::vector<Row>> Query(std::string_view sql,
                                         std::initializer_list<Value> parameters = {}) = 0;
  virtual Result<std::vector<Row>> Query(std::string_view sql,
                                         std::span<const Value> parameters) = 0;
};

class Transaction : public Reader {
 public:
  // Returns how many rows changed.  kConflict when a UNIQUE, PRIMARY KEY or FOREIGN KEY constraint
  // refuses; the statement then has no effect and the write may go on.
  virtual Result<std::int64_t> Execute(std::string_view sql,
                                       std::initializer_list<Value> parameters = {}) = 0;
  virtual Result<std::int64_t> Execute(std::string_view sql, std::span<const Value> parameters) = 0;
};

// Runs on the writer thread.  An error rolls back this write alone.
using WriteJob = std::move_only_function<Result<void>(Transaction&)>;
// Runs on a reader thread against a consistent snapshot.
using ReadJob = std::move_only_function<Result<void>(Reader&)>;

// An exception that escapes a job is a bug: the job has no effects and the exception is thrown
// where its caller waits.
class Database {
 public:
  // Ends once every job handed in has run.  Every io_context that called must outlive it.
  virtual ~Database() = default;

  // Runs `job` and returns once its effects are on disk (fsync), or with its error and no effects.
  // Called from any io_context; resumes there.  Once a write has been handed over it happens
  // whether or not the caller is cancelled.
  // Errors: the job's own; kUnavailable the disk failed or is full, the job may have run: then all
  // writes of its group have failed, and the next may succeed again.
  virtual Task<Result<void>> Write(WriteJob job) = 0;

  // Runs `job` beside the writer; sees everything committed before the call.
  virtual Task<Result<void>> Read(ReadJob job) = 0;

  // The same two for start-up and tools, before or outside any io_context: block until done.
  virtual Result<void> WriteBlocking(WriteJob job) = 0;
  virtual Result<void> ReadBlocking(ReadJob job) = 0;

  // Write and Read for jobs that give something back:
  //   auto row = co_await db.Reading<Function>([](Reader& r) -> Result<Function> { … });
  template <typename T, typename Job>
  Task<Result<T>> Writing(Job job);
  template <typename T, typename Job>
  Task<Result<T>> Reading(Job job);
};

// A module's tables: `statements` are run in order, once, in the transaction that records
// `version`. Append new versions; never edit old ones.
struct Migration {
  std::string module;
  int version = 1;
  std::vector<std::string> statements;
};

struct EmbeddedConfig {
  base::Path file;
  // Changes performance.
  int reader_threads = 2;           // How many reads run at once; the rest wait in line.
  int max_writes_per_commit = 256;  // More: more writes a second, each a little later.
  // For tests: the name of a FakeDisk (store/fake_disk.h).  Empty: the operating system's files.
  std::string vfs{};
};

// Opens or creates the file and brings every module's tables up to date.  Errors: kUnavailable disk
// trouble; kConflict the file was written by a newer Ebb.
Result<std::unique_ptr<Database>> OpenEmbedded(EmbeddedConfig config,
                                               std::vector<Migration> migrations);

// ---

template <typename T, typename Job>
Task<Result<T>> Database::Writing(Job job) {
  std::optional<T> out;
  // The pointer outlives the write: a cancelled Write still waits for its job to end.
  std::optional<T>* slot = &out;
  auto done = co_await Write(
      WriteJob([job = std::move(job), slot](Transaction& tx) mutable -> Result<void> {
        Result<T> value = job(tx);
        if (!value) return Fail(value.error());
        *slot = std::move(*value);
        return {};
      }));
  if (!done) co_return Fail(done.error());
  co_return std::move(*out);
}

template <typename T, typename Job>
Task<Result<T>> Database::Reading(Job job) {
  std::optional<T> out;
  std::optional<T>* slot = &out;
  auto done =
      co_await Read(ReadJob([job = std::move(job), slot](Reader& reader) mutable -> Result<void> {
        Result<T> value = job(reader);
        if (!value) return Fail(value.error());
        *slot = std::move(*value);
        return {};
      }));
  if (!done) co_return Fail(done.error());
  co_return std::move(*out);
}

}  // namespace ebb::store
