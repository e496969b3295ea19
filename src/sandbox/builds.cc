#include "sandbox/builds.h"

#include <algorithm>
#include <utility>

namespace ebb::sandbox {
namespace {

// An upgrade of a whole distribution holds the lock for longer; so does a dialogue that nobody
// answers.  By then the files have been as they are for all that time.
constexpr auto kStuck = std::chrono::minutes(10);
constexpr auto kFirstPatience = std::chrono::seconds(15);
constexpr int kMostDoublings = 6;  // 16 minutes.

}  // namespace

std::shared_ptr<const Build> Builds::Of(const Spec& spec) const {
  const auto runtime = HostRuntimeOf(spec);
  return runtime ? Of(*runtime) : nullptr;
}

std::shared_ptr<const Build> Builds::Of(HostRuntime runtime) const {
  const auto found = entries_.find(runtime);
  return found == entries_.end() ? nullptr : found->second.build;
}

std::shared_ptr<Build> Builds::Make(HostRuntime runtime, std::string id,
                                    std::string version) const {
  return std::make_shared<Build>(Build{.runtime = ToString(runtime),
                                       .id = std::move(id),
                                       .version = std::move(version),
                                       .since = clock_.WallNow()});
}

std::vector<HostRuntime> Builds::Settled(const HostLook& look) {
  std::vector<HostRuntime> settled;
  const TimePoint now = clock_.Now();
  for (const auto& [runtime, marks] : look.marks) {
    Entry& entry = entries_[runtime];
    std::string id = IdOf(marks);
    if (entry.build ? entry.build->id == id : !IsThere(marks)) {
      entry.other = {};
      continue;
    }
    if (entry.other.id != id) {
      entry.other = {.id = std::move(id), .there = IsThere(marks), .seen = now, .why_not = {}};
      continue;
    }
    if (!entry.other.there) {  // It was removed; what has been started from it goes on.
      entry.other.why_not = "it is not installed any more";
      continue;
    }
    if (look.packages_change && now - entry.other.seen < kStuck) continue;
    if (now >= entry.other.not_before) settled.push_back(runtime);
  }
  return settled;
}

void Builds::Use(HostRuntime runtime, std::shared_ptr<Build> build) {
  Entry& entry = entries_[runtime];
  if (entry.build) entry.build->replaced = true;
  entry.build = std::move(build);
  entry.other = {};
}

bool Builds::CannotUse(HostRuntime runtime, const std::string& id, std::string why) {
  Other& other = entries_[runtime].other;
  if (other.id != id) return false;  // Another has come meanwhile.
  other.why_not = std::move(why);
  other.not_before = clock_.Now() + kFirstPatience * (1 << std::min(other.tries, kMostDoublings));
  return other.tries++ == 0;
}

std::vector<RuntimeState> Builds::List() const {
  std::vector<RuntimeState> all;
  for (const auto& [runtime, entry] : entries_) {
    if (!entry.build) continue;
    all.push_back({.build = entry.build, .other = entry.other.id, .why_not = entry.other.why_not});
  }
  return all;
}

}  // namespace ebb::sandbox
