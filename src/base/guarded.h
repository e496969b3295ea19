// base/guarded.h
// A value that can only be reached through its lock.
#pragma once

#include <mutex>
#include <utility>

namespace ebb::base {

template <typename T>
class Guarded {
 public:
  template <typename... Args>
  explicit Guarded(Args&&... args) : value_(std::forward<Args>(args)...) {}

  // Runs `use(T&)` under the lock and returns what it returns.  `use` must not wait on anything.
  template <typename F>
  decltype(auto) With(F&& use) {
    std::lock_guard lock(mutex_);
    return std::forward<F>(use)(value_);
  }
  template <typename F>
  decltype(auto) With(F&& use) const {
    std::lock_guard lock(mutex_);
    return std::forward<F>(use)(value_);
  }

 private:
  mutable std::mutex mutex_;
  T value_;
};

}  // namespace ebb::base
