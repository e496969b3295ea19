#include "scheduler/roll.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace ebb::scheduler {
namespace {

// Guessed: enough to see what happened lately, a few hundred kilobytes at most.
constexpr std::size_t kMostEnded = 1000;
constexpr std::size_t kMostLost = 1000;  // Of one function; a burst's worth.

}  // namespace

const char* ToString(InstanceState state) {
  switch (state) {
    case InstanceState::kIdle:
      return "idle";
    case InstanceState::kBusy:
      return "busy";
    case InstanceState::kEnded:
      return "ended";
  }
  return "?";
}

void Birth::Report(const sandbox::StartReport& report) {
  cold.path = report.path;
  cold.sandbox = report.sandbox;
  cold.runtime = report.runtime;
}

model::ColdStart Birth::SeenFrom(TimePoint asked) const {
  model::ColdStart seen = cold;
  seen.queue = std::max(began - asked, Duration(0));
  Duration missed = std::max(asked - began, Duration(0));
  for (Duration* phase : {&seen.place, &seen.fetch_code, &seen.sandbox, &seen.runtime}) {
    const Duration over = std::min(*phase, missed);
    *phase -= over;
    missed -= over;
  }
  return seen;
}

Presence::Presence(Presence&& other) noexcept
    : roll_(std::exchange(other.roll_, nullptr)), entry_(other.entry_) {}

Presence::~Presence() {
  if (roll_ != nullptr) roll_->Leave(entry_);
}

Presence Roll::Enter(InstanceEntry entry) {
  entry.created = clock_.WallNow();
  living_.push_back(std::move(entry));
  return {*this, std::prev(living_.end())};
}

void Roll::Leave(std::list<InstanceEntry>::iterator entry) {
  entry->state = InstanceState::kEnded;
  entry->ended = clock_.WallNow();
  entry->instance = nullptr;
  metrics_.InstanceEnded(entry->ended_by);
  Miss(entry->key, entry->ended_by);
  ended_.push_front(std::move(*entry));
  living_.erase(entry);
  if (ended_.size() > kMostEnded) ended_.pop_back();
}

void Roll::Miss(const model::VersionKey& key, model::ColdCause cause) {
  auto past = past_.find(key.function_id);
  if (past == past_.end()) return;
  // An instance of an older revision would be of use now only if there were no newer one.
  if (key.revision < past->second.revision && cause != model::ColdCause::kDeploy) return;
  if (past->second.lost.size() < kMostLost) past->second.lost.push_back(cause);
}

model::ColdCause Roll::TakeCause(const model::VersionKey& key) {
  auto [found, is_new] = past_.try_emplace(key.function_id, Past{.revision = key.revision});
  if (is_new) return model::ColdCause::kFirst;
  Past& past = found->second;
  if (key.revision > past.revision) {
    past.revision = key.revision;
    std::erase_if(past.lost, [](auto cause) { return cause != model::ColdCause::kDeploy; });
    if (!past.lost.empty()) past.lost.pop_back();
    return model::ColdCause::kDeploy;
  }
  if (key.revision < past.revision || past.lost.empty()) return model::ColdCause::kBurst;
  const model::ColdCause cause = past.lost.back();
  past.lost.pop_back();
  return cause;
}

void Roll::GiveBack(const model::VersionKey& key, model::ColdCause cause) {
  if (cause == model::ColdCause::kFirst) {
    past_.erase(key.function_id);
  } else if (cause != model::ColdCause::kBurst) {
    Miss(key, cause);
  }
}

void Roll::Forget(const std::string& function_id) { past_.erase(function_id); }

Instance* Roll::Find(const std::string& id) const {
  const auto found = std::ranges::find(living_, id, &InstanceEntry::id);
  return found == living_.end() ? nullptr : found->instance;
}

std::vector<Instance*> Roll::Outdated() const {
  std::vector<Instance*> outdated;
  for (const InstanceEntry& entry : living_) {
    if (entry.build && entry.build->replaced) outdated.push_back(entry.instance);
  }
  return outdated;
}

std::vector<InstanceEntry> Roll::List(const std::string& function_id) const {
  std::vector<InstanceEntry> found;
  const auto wanted = [&](const InstanceEntry& entry) {
    return function_id.empty() || entry.key.function_id == function_id;
  };
  std::ranges::copy_if(living_, std::back_inserter(found), wanted);
  std::ranges::copy_if(ended_, std::back_inserter(found), wanted);
  return found;
}

}  // namespace ebb::scheduler
