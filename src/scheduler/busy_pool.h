// scheduler/busy_pool.h
// The instances that somebody uses, and which of them could take another call.
#pragma once

#include <map>
#include <memory>
#include <vector>

#include "scheduler/instance.h"

namespace ebb::scheduler {

class BusyPool {
 public:
  Instance& Put(std::unique_ptr<Instance> instance, TimePoint now);
  std::unique_ptr<Instance> Take(Instance& instance, TimePoint now);

  // Those that have been in use for a period of their health check since they were last asked.
  std::vector<Instance*> ProbeDue(TimePoint now) const;

  // The one with the most leases among those that may be lent once more, null if there is none: a
  // full instance costs no more than one that serves a single call, and one that has run empty can
  // be frozen.  Not one whose code is still being loaded.
  Instance* Fullest(const model::VersionKey& key);

  // The one with the most leases among those that are leaving and may be lent once more.
  Instance* FullestLeaving(const model::VersionKey& key);

  // How many have code that is being loaded.
  std::size_t CountLoading(const model::VersionKey& key) const;

  int size() const { return size_; }

 private:
  Instance* Fullest(const model::VersionKey& key, bool leaving);
  std::map<model::VersionKey, std::vector<std::unique_ptr<Instance>>> busy_;  // None empty.
  int size_ = 0;
};

}  // namespace ebb::scheduler
