// store/reader_pool.h
// The threads that read, each with a connection of its own and a snapshot per job, beside the
// writer: in WAL mode neither waits for the other.
#pragma once

#include <memory>
#include <thread>
#include <vector>

#include "store/connection.h"
#include "store/database.h"
#include "store/job_queue.h"

namespace ebb::store {

class ReaderPool {
 public:
  explicit ReaderPool(std::vector<std::unique_ptr<Connection>> connections);  // One thread each.
  ~ReaderPool();  // Runs what was handed in.
  ReaderPool(const ReaderPool&) = delete;
  ReaderPool& operator=(const ReaderPool&) = delete;

  void Push(Pending<ReadJob> read) { queue_.Push(std::move(read)); }  // Any thread.

 private:
  void Run(Connection& connection);

  std::vector<std::unique_ptr<Connection>> connections_;
  JobQueue<Pending<ReadJob>> queue_;
  std::vector<std::jthread> threads_;
};

}  // namespace ebb::store
