// store/writer.h
// The one thread that writes: runs the jobs that have gathered in one transaction, commits once,
// then tells everyone.  While it waits for the disk the next group gathers by itself, so nobody
// waits for a timer.
#pragma once

#include <memory>
#include <thread>

#include "store/connection.h"
#include "store/database.h"
#include "store/job_queue.h"

namespace ebb::store {

class Writer {
 public:
  Writer(std::unique_ptr<Connection> connection, int max_writes_per_commit);
  ~Writer();  // Commits what was handed in.
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  void Push(Pending<WriteJob> write) { queue_.Push(std::move(write)); }  // Any thread.

 private:
  void Run();

  std::unique_ptr<Connection> connection_;
  std::size_t max_writes_per_commit_;
  JobQueue<Pending<WriteJob>> queue_;
  std::jthread thread_;
};

}  // namespace ebb::store
