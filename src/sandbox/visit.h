// sandbox/visit.h
// Brings the calling thread into a sandbox's mount and host name for a moment.
#pragma once

#include <utility>

#include "base/error.h"
#include "base/fd.h"

namespace ebb::sandbox {

// While it lives, absolute paths mean the sandbox's: do system calls on a few fixed paths only, and
// nothing else (no logging, no waiting).  From its first use on, the thread has a current folder of
// its own.  About 20 us.  Ends the server if it cannot bring the thread back.
class Visit {
 public:
  // `pidfd`: the sandbox's pid 1.
  static Result<Visit> Begin(const base::Fd& pidfd);
  Visit(Visit&& other) noexcept : entered_(std::exchange(other.entered_, false)) {}
  Visit& operator=(Visit&&) = delete;
  ~Visit();

 private:
  Visit() = default;
  bool entered_ = true;
};

}  // namespace ebb::sandbox
