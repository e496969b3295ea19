// base/clock.h
// Where time comes from.  Only `server` and tests choose the implementation.
#pragma once

#include <chrono>

#include "base/units.h"

namespace ebb {

// A point on the monotonic clock.
using TimePoint = std::chrono::steady_clock::time_point;
// A point in calendar time, UTC.  For people, signatures and records; never for measuring.
using WallTime = std::chrono::sys_time<std::chrono::nanoseconds>;

class Clock {
 public:
  virtual ~Clock() = default;
  virtual TimePoint Now() const = 0;     // Any thread.
  virtual WallTime WallNow() const = 0;  // Any thread.
};

class SystemClock : public Clock {
 public:
  TimePoint Now() const override { return std::chrono::steady_clock::now(); }
  WallTime WallNow() const override {
    return std::chrono::time_point_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now());
  }
};

// Moves only by Advance.  For tests; one thread.  Begins far in the real clock's future, so that a
// deadline made from it never passes by itself where a real timer waits for it.
class ManualClock : public Clock {
 public:
  TimePoint Now() const override { return now_; }
  WallTime WallNow() const override { return wall_; }
  void Advance(Duration by) {
    now_ += std::chrono::duration_cast<TimePoint::duration>(by);
    wall_ += by;
  }

 private:
  TimePoint now_{std::chrono::years(10)};
  WallTime wall_{std::chrono::sys_days{std::chrono::year{2026} / 11 / 23}};
};

// The point by which the work must be done, passed by value as the last parameter of everything
// that may wait on something outside.  A layer may shorten it, never lengthen it.
class Deadline {
 public:
  constexpr Deadline() = default;  // Never.
  constexpr explicit Deadline(TimePoint at) : at_(at) {}
  static constexpr Deadline Never() { return {}; }
  constexpr TimePoint at() const { return at_; }
  constexpr bool never() const { return at_ == TimePoint::max(); }
  constexpr bool passed(TimePoint now) const { return now >= at_; }
  constexpr Deadline Earlier(TimePoint other) const { return Deadline(other < at_ ? other : at_); }

 private:
  TimePoint at_ = TimePoint::max();
};

// Milliseconds since 1970, the form in which wall time is stored.
inline std::int64_t ToUnixMillis(WallTime t) {
  return std::chrono::duration_cast<Millis>(t.time_since_epoch()).count();
}
inline WallTime FromUnixMillis(std::int64_t ms) { return WallTime(Millis(ms)); }

}  // namespace ebb
