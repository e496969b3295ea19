// base/units.h
// Numbers with a unit are types.  No conversion out of a type: it would undo it.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>

namespace ebb {

using Duration = std::chrono::nanoseconds;
using Millis = std::chrono::milliseconds;

// An amount of memory or disk, in whole mebibytes (2^20 bytes).
class Mebibytes {
 public:
  constexpr Mebibytes() = default;
  constexpr explicit Mebibytes(std::int64_t count) : count_(count) {}
  constexpr std::int64_t count() const { return count_; }
  constexpr std::int64_t bytes() const { return count_ << 20; }
  friend constexpr auto operator<=>(Mebibytes, Mebibytes) = default;

 private:
  std::int64_t count_ = 0;
};

// A share of CPU in thousandths of one core: 350 is 0.35 vCPU.
class MilliCpu {
 public:
  constexpr MilliCpu() = default;
  constexpr explicit MilliCpu(std::int64_t count) : count_(count) {}
  constexpr std::int64_t count() const { return count_; }
  friend constexpr auto operator<=>(MilliCpu, MilliCpu) = default;

 private:
  std::int64_t count_ = 0;
};

// Rounds UP: a run of 1 ns is billed as 1 ms, a run of 0 ns as nothing.
constexpr Millis BilledMillis(Duration held) { return std::chrono::ceil<Millis>(held); }

}  // namespace ebb
