#include "net/timing.h"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <list>

namespace ebb::net {

Task<void> SleepUntil(TimePoint until) {
  asio::steady_timer timer(co_await asio::this_coro::executor, until);
  co_await timer.async_wait(kAwait);
}

Task<void> SleepFor(Duration d) { return SleepUntil(std::chrono::steady_clock::now() + d); }

struct Signal::State {
  struct Waiter {
    explicit Waiter(asio::io_context& io, TimePoint until) : timer(io, until) {}
    asio::steady_timer timer;
    bool notified = false;
  };

  explicit State(asio::io_context& context) : io(context) {}

  asio::io_context& io;
  std::list<Waiter*> waiting;
};

namespace {

// Keeps a waiter in the list for a scope; it may leave by an exception when cancelled.
template <typename State>
class Entry {
 public:
  Entry(std::shared_ptr<State> state, typename State::Waiter& waiter)
      : state_(std::move(state)), at_(state_->waiting.insert(state_->waiting.end(), &waiter)) {}
  ~Entry() { state_->waiting.erase(at_); }
  Entry(const Entry&) = delete;
  Entry& operator=(const Entry&) = delete;

 private:
  std::shared_ptr<State> state_;
  typename std::list<typename State::Waiter*>::iterator at_;
};

}  // namespace

Signal::Signal(asio::io_context& io) : state_(std::make_shared<State>(io)) {}

Signal::~Signal() {
  for (State::Waiter* waiter : state_->waiting) waiter->timer.cancel();
}

void Signal::NotifyAll() {
  for (State::Waiter* waiter : state_->waiting) {
    waiter->notified = true;
    waiter->timer.cancel();
  }
}

Task<bool> Signal::Wait(Deadline deadline) {
  const std::shared_ptr<State> state = state_;
  State::Waiter waiter(state->io, deadline.at());
  const Entry<State> entry(state, waiter);
  co_await waiter.timer.async_wait(kAwait);
  co_return waiter.notified;
}

}  // namespace ebb::net
