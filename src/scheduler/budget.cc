#include "scheduler/budget.h"

#include <algorithm>
#include <utility>

namespace ebb::scheduler {

Reservation::Reservation(Budget& budget, std::string function_id, Mebibytes memory)
    : budget_(&budget), function_id_(std::move(function_id)), memory_(memory) {}

Reservation::Reservation(Reservation&& other) noexcept
    : budget_(std::exchange(other.budget_, nullptr)),
      function_id_(std::move(other.function_id_)),
      memory_(other.memory_) {}

Reservation::~Reservation() {
  if (budget_ == nullptr) return;
  budget_->reserved_ = Mebibytes(budget_->reserved_.count() - memory_.count());
  auto places = budget_->places_.find(function_id_);
  if (--places->second == 0) budget_->places_.erase(places);
}

Budget::Budget(Mebibytes memory, int places_per_function)
    : memory_(memory), places_per_function_(places_per_function) {}

std::optional<Reservation> Budget::TryReserve(const std::string& function_id, Mebibytes memory) {
  if (!HasPlace(function_id) || missing(memory) > Mebibytes(0)) return std::nullopt;
  reserved_ = Mebibytes(reserved_.count() + memory.count());
  ++places_[function_id];
  return Reservation(*this, function_id, memory);
}

bool Budget::HasPlace(const std::string& function_id) const {
  auto taken = places_.find(function_id);
  return taken == places_.end() || taken->second < places_per_function_;
}

Mebibytes Budget::missing(Mebibytes memory) const {
  const std::int64_t over = reserved_.count() + memory.count() - memory_.count();
  return Mebibytes(std::max<std::int64_t>(over, 0));
}

}  // namespace ebb::scheduler
