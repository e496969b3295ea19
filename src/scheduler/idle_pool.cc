#include "scheduler/idle_pool.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/log.h"

namespace ebb::scheduler {

namespace {

// Seconds of cold start saved for each gibibyte that is held.
double ValueOf(const Instance& instance) {
  const double cost = std::chrono::duration<double>(instance.start_cost).count();
  const double size = static_cast<double>(instance.memory.count()) / 1024;
  return instance.uses * cost / size;
}

}  // namespace

void IdlePool::Put(std::unique_ptr<Instance> instance, TimePoint now) {
  if (freeze_ && instance->guests == 0) {
    if (auto frozen = instance->Freeze(); !frozen) {
      log::Warn("instance not frozen, destroyed",
                {{"instance", instance->id}, {"error", frozen.error()}});
      return;
    }
  }
  instance->priority = clock_ + ValueOf(*instance);
  instance->idle_since = now;
  instance->presence.Set(InstanceState::kIdle);
  idle_[instance->key].push_back(std::move(instance));
  ++size_;
}

std::unique_ptr<Instance> IdlePool::Take(const model::VersionKey& key) {
  while (true) {
    auto version = idle_.find(key);
    if (version == idle_.end()) return nullptr;
    std::unique_ptr<Instance> instance = std::move(version->second.back());
    version->second.pop_back();
    if (version->second.empty()) idle_.erase(version);
    --size_;
    if (!instance->sandbox->alive()) continue;
    const auto thawed = instance->Thaw();
    if (thawed) return instance;
    log::Warn("instance not thawed, destroyed",
              {{"instance", instance->id}, {"error", thawed.error()}});
  }
}

std::optional<Reservation> IdlePool::Reserve(const model::VersionKey& key, Mebibytes memory) {
  if (!CouldFit(memory) || !FreePlace(key.function_id)) return std::nullopt;
  FreeMemory(memory);
  return budget_.TryReserve(key.function_id, memory);
}

bool IdlePool::FreePlace(const std::string& function_id) {
  if (budget_.HasPlace(function_id)) return true;
  auto version = idle_.lower_bound(model::VersionKey{function_id, 0});
  if (version == idle_.end() || version->first.function_id != function_id) return false;
  DestroyOldest(version);
  return true;
}

bool IdlePool::CouldFit(Mebibytes memory) const {
  std::int64_t reclaimable = 0;
  for (const auto& [key, queue] : idle_) {
    for (const auto& instance : queue) reclaimable += instance->memory.count();
  }
  return budget_.missing(memory) <= Mebibytes(reclaimable);
}

void IdlePool::FreeMemory(Mebibytes memory) {
  while (budget_.missing(memory) > Mebibytes(0)) Evict(1);
}

void IdlePool::Evict(int count) {
  for (; count > 0 && size_ > 0; --count) {
    const auto version = WorthLeast();
    clock_ = version->second.front()->priority;
    DestroyOldest(version);
  }
}

// Of one version the oldest has the least: the clock never goes back, and the one used last is the
// one that is used most.
std::map<model::VersionKey, IdlePool::Queue>::iterator IdlePool::WorthLeast() {
  return std::ranges::min_element(
      idle_, {}, [](const auto& version) { return version.second.front()->priority; });
}

void IdlePool::DestroyOldest(std::map<model::VersionKey, Queue>::iterator version) {
  std::unique_ptr<Instance> oldest = std::move(version->second.front());
  version->second.erase(version->second.begin());
  if (version->second.empty()) idle_.erase(version);
  --size_;
  oldest->presence.EndsBy(model::ColdCause::kEviction);
  dispose_(std::move(oldest));
}

void IdlePool::DestroyIf(model::ColdCause why,
                         const std::function<bool(const Instance&)>& condition) {
  std::vector<std::unique_ptr<Instance>> gone;
  for (auto version = idle_.begin(); version != idle_.end();) {
    Queue& queue = version->second;
    std::erase_if(queue, [&](auto& instance) {
      if (!condition(*instance)) return false;
      gone.push_back(std::move(instance));
      return true;
    });
    version = queue.empty() ? idle_.erase(version) : std::next(version);
  }
  size_ -= static_cast<int>(gone.size());
  for (auto& instance : gone) {
    instance->presence.EndsBy(instance->sandbox->alive() ? why : model::ColdCause::kCrash);
    dispose_(std::move(instance));
  }
}

}  // namespace ebb::scheduler
