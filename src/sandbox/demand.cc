#include "sandbox/demand.h"

#include <algorithm>

namespace ebb::sandbox {
namespace {

std::int64_t SecondOf(TimePoint time) {
  return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

}  // namespace

void Demand::Took(TimePoint now) {
  const std::int64_t number = SecondOf(now);
  Second& second = seconds_[static_cast<std::size_t>(number % kSeconds)];
  if (second.number != number) second = {number, 0};
  ++second.taken;
}

int Demand::Target(TimePoint now) const {
  const std::int64_t oldest = SecondOf(now) - kSeconds;
  int busiest = 0;
  for (const Second& second : seconds_) {
    if (second.number > oldest) busiest = std::max(busiest, second.taken);
  }
  return std::clamp(busiest, least_, std::max(least_, most_));
}

}  // namespace ebb::sandbox
