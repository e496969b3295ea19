#include "net/blocking_pool.h"

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include "base/check.h"
#include "base/log.h"

namespace ebb::net {

// A condition variable needs the lock itself, so these are not in a Guarded: everything but
// `threads` is guarded by `mutex`.
struct BlockingPool::State {
  void Work();

  std::mutex mutex;
  std::condition_variable changed;
  std::deque<std::move_only_function<void()>> jobs;
  bool ending = false;
  std::vector<std::thread> threads;
};

void BlockingPool::State::Work() {
  for (;;) {
    std::move_only_function<void()> job;
    {
      std::unique_lock lock(mutex);
      changed.wait(lock, [this] { return ending || !jobs.empty(); });
      if (jobs.empty()) return;
      job = std::move(jobs.front());
      jobs.pop_front();
    }
    try {
      job();
    } catch (const std::exception& e) {
      log::Error("blocking job failed", {{"error", e.what()}});
    }
  }
}

BlockingPool::BlockingPool(int threads) : state_(std::make_unique<State>()) {
  EBB_CHECK(threads > 0, "a pool needs a thread");
  for (int i = 0; i < threads; ++i) {
    state_->threads.emplace_back([state = state_.get()] { state->Work(); });
  }
}

BlockingPool::~BlockingPool() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->ending = true;
  }
  state_->changed.notify_all();
  for (std::thread& thread : state_->threads) thread.join();
}

void BlockingPool::Post(std::move_only_function<void()> job) {
  {
    const std::lock_guard lock(state_->mutex);
    EBB_CHECK(!state_->ending, "a job for a pool that is ending");
    state_->jobs.push_back(std::move(job));
  }
  state_->changed.notify_one();
}

Task<void> BlockingPool::RunErased(std::move_only_function<void()> job) {
  std::exception_ptr thrown;
  // An operation of our own, not a timer that the pool cancels: it ignores the coroutine's
  // cancellation slot, so the frame that `job` refers to stays until the job has ended.
  auto initiate = [this, &job, &thrown](auto handler) {
    auto executor = asio::get_associated_executor(handler);
    // Counts as work: an io_context must not run dry while a job is out.
    auto work = asio::make_work_guard(executor);
    Post([&job, &thrown, work = std::move(work), handler = std::move(handler)]() mutable {
      try {
        job();
      } catch (...) {
        thrown = std::current_exception();
      }
      asio::post(work.get_executor(), std::move(handler));
    });
  };
  co_await asio::async_initiate<const asio::use_awaitable_t<>, void()>(initiate,
                                                                       asio::use_awaitable);
  if (thrown) std::rethrow_exception(thrown);
}

}  // namespace ebb::net
