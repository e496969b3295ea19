// scheduler/idle_pool.h
// The instances that nobody uses: frozen, kept for the next call, and the first to go when room is
// needed.
//
// What goes first is what is worth least for the memory it holds, by Greedy-Dual-Size-Frequency
// (Cherkasova 1998; for functions: Fuerst and Sharma, "FaasCache", ASPLOS 2021):
//   priority = clock + uses * cost of a cold start / memory size,
// with the clock at the priority of the last one that went, so that what was of use long ago ages.
// Uses are counted for each instance and not, as FaasCache does, for each function: the one used
// last is lent first, so the tenth idle instance of a busy function is as unlikely to be needed as
// that of a quiet one.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "scheduler/instance.h"

namespace ebb::scheduler {

class IdlePool {
 public:
  // `dispose` ends an instance that was taken out; it is not called back in the middle of another.
  IdlePool(Budget& budget, bool freeze, std::function<void(std::unique_ptr<Instance>)> dispose)
      : budget_(budget), freeze_(freeze), dispose_(std::move(dispose)) {}

  // Freezes it, if idle instances are frozen.  One that cannot be frozen is destroyed: it could do
  // work that nobody pays for.
  void Put(std::unique_ptr<Instance> instance, TimePoint now);

  // The most recently used one, thawed (its memory is the likeliest to be in the caches); null when
  // there is none.  One that cannot be thawed is destroyed.
  std::unique_ptr<Instance> Take(const model::VersionKey& key);

  // Makes a reservation, destroying idle instances for it: other revisions of the same function for
  // a place, those worth least of all for memory.  Destroys none if that would not do.
  std::optional<Reservation> Reserve(const model::VersionKey& key, Mebibytes memory);

  // `why`: what a call will be told that has to start another.
  void DestroyIf(model::ColdCause why, const std::function<bool(const Instance&)>& condition);
  void Evict(int count);  // Those worth least.
  int size() const { return size_; }

 private:
  using Queue = std::vector<std::unique_ptr<Instance>>;  // Of one version, oldest first.
  void DestroyOldest(std::map<model::VersionKey, Queue>::iterator version);
  bool CouldFit(Mebibytes memory) const;
  bool FreePlace(const std::string& function_id);
  void FreeMemory(Mebibytes memory);
  std::map<model::VersionKey, Queue>::iterator WorthLeast();

  Budget& budget_;
  const bool freeze_;
  const std::function<void(std::unique_ptr<Instance>)> dispose_;
  std::map<model::VersionKey, Queue> idle_;  // No empty queues.
  int size_ = 0;
  double clock_ = 0;
};

}  // namespace ebb::scheduler
