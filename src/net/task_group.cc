#include "net/task_group.h"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <exception>
#include <list>
#include <vector>

#include "base/log.h"
#include "net/exception_text.h"

namespace ebb::net {
namespace {

bool IsCancellation(const std::exception_ptr& thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const boost::system::system_error& e) {
    return e.code() == asio::error::operation_aborted;
  } catch (...) {
    return false;
  }
}

struct Running {
  asio::io_context& io;
  std::string name;
  asio::cancellation_signal signal;
};

void Cancel(const std::shared_ptr<Running>& running) {
  running->signal.emit(asio::cancellation_type::all);
  // co_spawn keeps its half in the signal and, when called from outside the loop, reaches it by a
  // post: the signal must stay until that has run, even if the task has ended before.
  asio::post(running->io, [running] {});
}

Task<void> RunAndReport(std::shared_ptr<Running> running, Task<void> task) {
  std::exception_ptr thrown;
  try {
    co_await std::move(task);
  } catch (...) {
    thrown = std::current_exception();
  }
  // co_spawn awaits once more after a task that never waited; in one that was cancelled meanwhile
  // this would throw out of io_context::run.
  co_await asio::this_coro::throw_if_cancelled(false);
  if (thrown && !IsCancellation(thrown)) {
    log::Error("task failed", {{"task", running->name}, {"error", DescribeException(thrown)}});
  }
}

}  // namespace

struct TaskGroup::State {
  explicit State(asio::io_context& context) : io(context), ended(context) {}

  void CancelAll() {
    // Copies keep each entry alive: a cancelled task may end, and leave `tasks`, at once.
    const std::vector<std::shared_ptr<Running>> all(tasks.begin(), tasks.end());
    for (const auto& task : all) Cancel(task);
  }

  asio::io_context& io;
  bool stopping = false;
  std::list<std::shared_ptr<Running>> tasks;
  asio::steady_timer ended;  // Cancelled when the last task has ended.
};

TaskGroup::TaskGroup(asio::io_context& io) : state_(std::make_shared<State>(io)) {}

TaskGroup::~TaskGroup() {
  state_->stopping = true;
  state_->CancelAll();
}

TaskGroup::Handle TaskGroup::Spawn(std::string name, Task<void> task) {
  Handle handle;
  if (state_->stopping) return handle;
  const auto running = std::make_shared<Running>(state_->io, std::move(name));
  handle.running_ = running;
  const auto entry = state_->tasks.insert(state_->tasks.end(), running);
  // The handler shares the state: a task that is cancelled by the group's destructor ends later.
  auto on_end = [state = state_, entry](std::exception_ptr) {
    state->tasks.erase(entry);
    if (state->tasks.empty()) state->ended.cancel();
  };
  asio::co_spawn(state_->io, RunAndReport(running, std::move(task)),
                 asio::bind_cancellation_slot(running->signal.slot(), std::move(on_end)));
  return handle;
}

void TaskGroup::Handle::Cancel() const {
  const auto running = std::static_pointer_cast<Running>(running_.lock());
  if (running) net::Cancel(running);
}

Task<void> TaskGroup::Stop() {
  const std::shared_ptr<State> state = state_;
  state->stopping = true;
  state->CancelAll();
  while (!state->tasks.empty()) {
    state->ended.expires_at(asio::steady_timer::time_point::max());
    co_await state->ended.async_wait(kAwait);
  }
}

std::size_t TaskGroup::running() const { return state_->tasks.size(); }

}  // namespace ebb::net
