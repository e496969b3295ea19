// sandbox/demand.h
// How many of something to keep ready, learned from how many were taken lately.
#pragma once

#include <array>
#include <cstdint>

#include "base/clock.h"

namespace ebb::sandbox {

// As many as the busiest of the last thirty seconds took, between a least and a most.
class Demand {
 public:
  Demand(int least, int most) : least_(least), most_(most) {}

  void Took(TimePoint now);
  int Target(TimePoint now) const;

 private:
  static constexpr std::int64_t kSeconds = 30;  // Guessed: longer than the pauses of a busy source.
  struct Second {
    std::int64_t number = -1;
    int taken = 0;
  };
  int least_;
  int most_;
  std::array<Second, kSeconds> seconds_{};
};

}  // namespace ebb::sandbox
