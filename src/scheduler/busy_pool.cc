#include "scheduler/busy_pool.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace ebb::scheduler {

Instance& BusyPool::Put(std::unique_ptr<Instance> instance, TimePoint now) {
  Instance& put = *instance;
  put.presence.Set(InstanceState::kBusy);
  put.busy_since = now;
  busy_[put.key].push_back(std::move(instance));
  ++size_;
  return put;
}

std::unique_ptr<Instance> BusyPool::Take(Instance& instance, TimePoint now) {
  auto version = busy_.find(instance.key);
  EBB_CHECK(version != busy_.end(), "not busy: " + instance.id);
  auto& instances = version->second;
  auto found = std::ranges::find(instances, &instance, &std::unique_ptr<Instance>::get);
  EBB_CHECK(found != instances.end(), "not busy: " + instance.id);
  std::unique_ptr<Instance> taken = std::move(*found);
  instances.erase(found);
  if (instances.empty()) busy_.erase(version);
  --size_;
  taken->used_before += now - taken->busy_since;
  return taken;
}

std::vector<Instance*> BusyPool::ProbeDue(TimePoint now) const {
  std::vector<Instance*> due;
  for (const auto& [key, instances] : busy_) {
    for (const auto& instance : instances) {
      if (!instance->health || !instance->loaded || instance->discarded || instance->probing) {
        continue;
      }
      const Duration used = instance->used_before + (now - instance->busy_since);
      if (used >= instance->health->period) due.push_back(instance.get());
    }
  }
  return due;
}

Instance* BusyPool::Fullest(const model::VersionKey& key) { return Fullest(key, false); }

Instance* BusyPool::FullestLeaving(const model::VersionKey& key) { return Fullest(key, true); }

Instance* BusyPool::Fullest(const model::VersionKey& key, bool leaving) {
  auto version = busy_.find(key);
  if (version == busy_.end()) return nullptr;
  Instance* fullest = nullptr;
  for (const auto& instance : version->second) {
    const bool free = instance->loaded && instance->has_place() && instance->sandbox->alive();
    if (instance->leaving != leaving) continue;
    if (free && (fullest == nullptr || instance->leases > fullest->leases)) {
      fullest = instance.get();
    }
  }
  return fullest;
}

std::size_t BusyPool::CountLoading(const model::VersionKey& key) const {
  auto version = busy_.find(key);
  if (version == busy_.end()) return 0;
  return static_cast<std::size_t>(std::ranges::count_if(version->second, [](const auto& instance) {
    return !instance->loaded && !instance->discarded;
  }));
}

}  // namespace ebb::scheduler
