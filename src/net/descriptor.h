// net/descriptor.h
// Waiting for descriptors that are no streams: status sockets, pidfds, pipes, eventfds.
#pragma once

#include <functional>
#include <memory>

#include "base/clock.h"
#include "base/fd.h"
#include "net/task.h"

namespace ebb::net {

// Owns the descriptor.  Lives on its io_context.
class Descriptor {
 public:
  Descriptor(asio::io_context& io, base::Fd fd);
  ~Descriptor();
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  int get() const;  // -1 if it was made without one.

  // True: there is something to read, or it has ended.  False: the deadline passed.
  Task<bool> WaitReadable(Deadline deadline);
  Task<bool> WaitWritable(Deadline deadline);

  base::Fd Release();  // No wait may be under way.

  // Calls `then` once, unless this is destroyed before.
  void OnReadable(std::function<void()> then);

 private:
  struct State;
  enum class Readiness { kReadable, kWritable };
  Task<bool> Wait(Readiness readiness, Deadline deadline);
  static void WaitThen(const std::shared_ptr<State>& state, std::function<void()> then);

  std::shared_ptr<State> state_;
};

}  // namespace ebb::net
