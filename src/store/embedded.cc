// The Database of one node: an SQLite file, one thread that writes and some that read.
#include <boost/asio/append.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <future>

#include "store/connection.h"
#include "store/database.h"
#include "store/migrations.h"
#include "store/reader_pool.h"
#include "store/writer.h"

namespace ebb::store {
namespace {

using Signature = void(std::exception_ptr, Result<void>);

// Suspends the calling coroutine until `target` has run `job`.  Ignores cancellation: a job that
// was handed over holds references into the caller's frame.
template <typename Target, typename Job>
Task<Result<void>> RunOn(Target& target, Job job) {
  auto hand_over = [&target, &job](auto handler) {
    // Keeps the caller's io_context running while the job is with us.
    auto work = asio::make_work_guard(handler);
    target.Push({std::move(job), [handler = std::move(handler), work = std::move(work)](
                                     std::exception_ptr bug, Result<void> result) mutable {
                   asio::post(asio::append(std::move(handler), bug, std::move(result)));
                 }});
  };
  co_return co_await asio::async_initiate<const asio::use_awaitable_t<>, Signature>(
      std::move(hand_over), asio::use_awaitable);
}

template <typename Target, typename Job>
Result<void> RunBlocking(Target& target, Job job) {
  std::promise<Result<void>> promise;
  auto future = promise.get_future();
  target.Push({std::move(job), [&promise](std::exception_ptr bug, Result<void> result) {
                 bug ? promise.set_exception(bug) : promise.set_value(std::move(result));
               }});
  return future.get();
}

class EmbeddedDatabase : public Database {
 public:
  EmbeddedDatabase(std::unique_ptr<Connection> writer,
                   std::vector<std::unique_ptr<Connection>> readers, int max_writes_per_commit)
      : writer_(std::move(writer), max_writes_per_commit), readers_(std::move(readers)) {}

  Task<Result<void>> Write(WriteJob job) override { return RunOn(writer_, std::move(job)); }
  Task<Result<void>> Read(ReadJob job) override { return RunOn(readers_, std::move(job)); }
  Result<void> WriteBlocking(WriteJob job) override { return RunBlocking(writer_, std::move(job)); }
  Result<void> ReadBlocking(ReadJob job) override { return RunBlocking(readers_, std::move(job)); }

 private:
  // The readers go first: the last connection to close, the writer's, folds the log into the file.
  Writer writer_;
  ReaderPool readers_;
};

}  // namespace

Result<std::unique_ptr<Database>> OpenEmbedded(EmbeddedConfig config,
                                               std::vector<Migration> migrations) {
  auto writer = Connection::Open(config.file, Connection::Access::kWrite, config.vfs);
  if (!writer) return Fail(writer.error().With("open the database"));
  if (auto migrated = Migrate(**writer, migrations); !migrated) {
    return Fail(migrated.error().With("bring the tables up to date"));
  }
  // A new file was turned into one with a log by way of a rollback journal.  Were that journal's
  // removal undone by a power cut, it would roll back what was written since.
  if (auto synced = base::SyncFolder(base::Path(config.file).remove_filename() / "."); !synced) {
    return Fail(synced.error());
  }
  std::vector<std::unique_ptr<Connection>> readers;
  for (int i = 0; i < std::max(1, config.reader_threads); ++i) {
    auto reader = Connection::Open(config.file, Connection::Access::kRead, config.vfs);
    if (!reader) return Fail(reader.error().With("open the database for reading"));
    readers.push_back(std::move(*reader));
  }
  return std::make_unique<EmbeddedDatabase>(std::move(*writer), std::move(readers),
                                            config.max_writes_per_commit);
}

}  // namespace ebb::store
