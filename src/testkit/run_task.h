// testkit/run_task.h
// Runs coroutines from a test that is not one.
#pragma once

#include <boost/asio/co_spawn.hpp>
#include <exception>
#include <optional>
#include <utility>

#include "base/check.h"
#include "net/task.h"

namespace ebb::testkit {

namespace internal {
template <typename T>
Task<void> Keep(Task<T> task, std::optional<T>& out) {
  out.emplace(co_await std::move(task));
}
}  // namespace internal

// Runs `io` until `task` has ended and returns what it returned.  What else was started on `io`
// goes on with the next call.  An exception from the task is thrown here.
template <typename T>
T RunToEnd(asio::io_context& io, Task<T> task) {
  bool ended = false;
  std::exception_ptr thrown;
  auto on_end = [&](std::exception_ptr e) {
    ended = true;
    thrown = e;
  };
  // Only once the task counts as work is `io` made to run again: a thread that is done with the
  // last task may still be about to give back its own share of the work, and when the last share
  // goes, `io` stops.
  if constexpr (std::is_void_v<T>) {
    asio::co_spawn(io, std::move(task), on_end);
    io.restart();
    while (!ended && io.run_one() > 0) {
    }
    if (thrown) std::rethrow_exception(thrown);
    EBB_CHECK(ended, "the task waits for something that cannot happen any more");
  } else {
    std::optional<T> out;
    asio::co_spawn(io, internal::Keep(std::move(task), out), on_end);
    io.restart();
    while (!ended && io.run_one() > 0) {
    }
    if (thrown) std::rethrow_exception(thrown);
    EBB_CHECK(ended, "the task waits for something that cannot happen any more");
    return std::move(*out);
  }
}

}  // namespace ebb::testkit
