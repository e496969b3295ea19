// net/timing.h
// Waiting: sleeping, one-shot signals between coroutines, and work with a deadline.
#pragma once

#include <memory>

#include "base/clock.h"
#include "base/error.h"
#include "net/task.h"

namespace ebb::net {

// Returns when `until` has come.  Cancelling ends it early.
Task<void> SleepUntil(TimePoint until);
Task<void> SleepFor(Duration d);

// Wakes waiting coroutines.  Lives on one io_context.
class Signal {
 public:
  explicit Signal(asio::io_context& io);
  ~Signal();
  Signal(const Signal&) = delete;
  Signal& operator=(const Signal&) = delete;

  void NotifyAll();  // Wakes everyone who waits now; nothing is remembered.
  // True when notified, false when the deadline passed.
  Task<bool> Wait(Deadline deadline);

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace ebb::net
