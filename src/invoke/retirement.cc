#include <utility>

#include "invoke/door.h"

namespace ebb::invoke {

Retirement::Retirement(scheduler::Scheduler& scheduler,
                       std::function<std::shared_ptr<const catalog::Snapshot>()> snapshot)
    : scheduler_(scheduler), snapshot_(std::move(snapshot)) {
  OnChange();
}

void Retirement::OnChange() {
  std::map<std::string, std::uint64_t> now;
  for (const auto& [name, function] : snapshot_()->functions) {
    now[function->id] = function->revision;
  }
  for (const auto& [id, revision] : revisions_) {
    auto current = now.find(id);
    if (current == now.end()) {
      scheduler_.Retire(id, scheduler::kNoRevision);  // Deleted.
    } else if (current->second != revision) {
      scheduler_.Retire(id, current->second);
    }
  }
  revisions_ = std::move(now);
}

}  // namespace ebb::invoke
