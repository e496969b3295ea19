// store/job_queue.h
// Hands jobs from any thread to the threads of the database.
#pragma once

#include <condition_variable>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
#include <vector>

#include "base/error.h"

namespace ebb::store {

// Told how a job ended, once, on the database's thread.  An exception is a bug in the job; it is
// thrown again where the caller waits.
using Done = std::move_only_function<void(std::exception_ptr, Result<void>)>;

template <typename Job>
struct Pending {
  Job job;
  Done done;
};

// Any thread.
template <typename T>
class JobQueue {
 public:
  void Push(T item) {
    {
      std::lock_guard lock(mutex_);
      items_.push_back(std::move(item));
    }
    arrived_.notify_one();
  }

  // Waits for items and returns the first ones, at most `limit`.  Empty: closed and drained.
  std::vector<T> Pop(std::size_t limit) {
    std::unique_lock lock(mutex_);
    arrived_.wait(lock, [this] { return closed_ || !items_.empty(); });
    std::vector<T> out;
    while (!items_.empty() && out.size() < limit) {
      out.push_back(std::move(items_.front()));
      items_.pop_front();
    }
    return out;
  }

  void Close() {  // What was pushed before is still popped.
    {
      std::lock_guard lock(mutex_);
      closed_ = true;
    }
    arrived_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<T> items_;
  bool closed_ = false;
};

}  // namespace ebb::store
