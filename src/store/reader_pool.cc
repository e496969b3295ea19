#include "store/reader_pool.h"

#include <pthread.h>

namespace ebb::store {
namespace {

void RunRead(Connection& connection, Pending<ReadJob>& read) {
  // DEFERRED: the snapshot is taken at the job's first statement, so after the call.
  if (auto begun = connection.Control("BEGIN DEFERRED"); !begun) {
    connection.Rollback();
    return read.done(nullptr, begun);
  }
  Result<void> result;
  std::exception_ptr bug;
  try {
    result = read.job(connection);
  } catch (...) {
    bug = std::current_exception();
  }
  connection.Rollback();
  read.done(bug, std::move(result));
}

}  // namespace

ReaderPool::ReaderPool(std::vector<std::unique_ptr<Connection>> connections)
    : connections_(std::move(connections)) {
  for (auto& connection : connections_) {
    threads_.emplace_back([this, c = connection.get()] { Run(*c); });
  }
}

ReaderPool::~ReaderPool() {
  queue_.Close();
  threads_.clear();
}

void ReaderPool::Run(Connection& connection) {
  pthread_setname_np(pthread_self(), "ebb-db-read");
  for (;;) {
    auto reads = queue_.Pop(1);
    if (reads.empty()) return;
    RunRead(connection, reads.front());
  }
}

}  // namespace ebb::store
