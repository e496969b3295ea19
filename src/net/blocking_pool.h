// net/blocking_pool.h
// Threads for what may block for a millisecond: fsync, SQLite reads, hashing a package.
#pragma once

#include <concepts>
#include <functional>
#include <memory>
#include <optional>
#include <type_traits>

#include "net/task.h"

namespace ebb::net {

class BlockingPool {
 public:
  explicit BlockingPool(int threads);
  ~BlockingPool();  // Finishes what was handed in.
  BlockingPool(const BlockingPool&) = delete;
  BlockingPool& operator=(const BlockingPool&) = delete;

  void Post(std::move_only_function<void()> job);  // Any thread.

  // Runs `job` on the pool and resumes the caller on its own executor.  Cancelling does not stop
  // a job that has begun: `co_await` returns when it has ended.  Usage:
  //   auto bytes = co_await pool.Run([path] { return base::ReadFile(path); });
  template <typename Job>
  Task<std::invoke_result_t<Job&>> Run(Job job);

 private:
  Task<void> RunErased(std::move_only_function<void()> job);

  struct State;
  std::unique_ptr<State> state_;
};

template <typename Job>
Task<std::invoke_result_t<Job&>> BlockingPool::Run(Job job) {
  using R = std::invoke_result_t<Job&>;
  if constexpr (std::is_void_v<R>) {
    co_await RunErased(std::move_only_function<void()>([&job] { job(); }));
  } else {
    std::optional<R> result;
    co_await RunErased(std::move_only_function<void()>([&job, &result] { result.emplace(job()); }));
    co_return std::move(*result);
  }
}

}  // namespace ebb::net
