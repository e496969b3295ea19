// scheduler/budget.h
// What the node's instances may take together: memory, and places per function.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "base/units.h"

namespace ebb::scheduler {

class Budget;

// A share of the budget, given back by the destructor.  Movable.
class Reservation {
 public:
  Reservation(Reservation&& other) noexcept;
  Reservation& operator=(Reservation&&) = delete;
  ~Reservation();
  Mebibytes memory() const { return memory_; }

 private:
  friend class Budget;
  Reservation(Budget& budget, std::string function_id, Mebibytes memory);
  Budget* budget_;  // Null when moved from.
  std::string function_id_;
  Mebibytes memory_;
};

// Outlives its reservations.
class Budget {
 public:
  Budget(Mebibytes memory, int places_per_function);

  std::optional<Reservation> TryReserve(const std::string& function_id, Mebibytes memory);

  bool HasPlace(const std::string& function_id) const;
  Mebibytes missing(Mebibytes memory) const;  // How much must be freed to fit `memory`; 0 if none.
  Mebibytes memory() const { return memory_; }
  Mebibytes reserved() const { return reserved_; }
  bool HasInstances(const std::string& function_id) const { return places_.contains(function_id); }

 private:
  friend class Reservation;
  const Mebibytes memory_;
  const int places_per_function_;
  Mebibytes reserved_{0};
  std::map<std::string, int> places_;  // Taken, by function id; never 0.
};

}  // namespace ebb::scheduler
