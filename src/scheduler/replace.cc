// Moving over to a build of a runtime that the host was upgraded to: instances on older ones end,
// at a pace, and the next calls start others.
#include <algorithm>
#include <set>
#include <utility>

#include "base/log.h"
#include "scheduler/state.h"

namespace ebb::scheduler {

namespace {

bool SaysFarewell(const Instance& instance) { return !instance.reservation; }

// Those that nobody has used for longest first; those with a guest last.
std::vector<Instance*> IdleOf(const std::vector<Instance*>& outdated) {
  std::vector<Instance*> idle;
  std::ranges::copy_if(outdated, std::back_inserter(idle), [](const Instance* instance) {
    return instance->presence.idle() && !SaysFarewell(*instance);
  });
  std::ranges::sort(idle, {}, [](const Instance* instance) {
    return std::pair(instance->guests > 0, instance->idle_since);
  });
  return idle;
}

// Not before its code is loaded: others may be waiting to share it.
bool MayLeave(const Instance& instance) {
  return !instance.presence.idle() && !SaysFarewell(instance) && instance.loaded &&
         !instance.discarded && !instance.leaving;
}

}  // namespace

void State::ReplaceOutdated() {
  const TimePoint now = clock.Now();
  const Duration passed = now - std::exchange(paced, now);
  const std::vector<Instance*> old = roll.Outdated();
  NoteOutdated(old);
  if (old.empty() || stopped) {
    replacements = 0;
    return;
  }
  const double a_second = config.replace_per_minute / 60.0;
  // No more than a second's worth is saved up: it is a pace.
  replacements = std::min(replacements + a_second * std::chrono::duration<double>(passed).count(),
                          a_second + 1);
  const auto takes_turn = [this] {
    if (replacements < 1) return false;
    --replacements;
    return true;
  };
  std::set<const Instance*> chosen;
  for (const Instance* instance : IdleOf(old)) {
    if (!takes_turn()) break;
    chosen.insert(instance);
  }
  for (Instance* instance : old) {
    if (MayLeave(*instance) && takes_turn()) instance->leaving = true;
  }
  idle.DestroyIf(model::ColdCause::kUpgrade,
                 [&](const Instance& instance) { return chosen.contains(&instance); });
  StartLaunches();
}

bool State::LendLeaving(Waiter& waiter) {
  const model::VersionKey key = waiter.version.key;
  Instance* leaving = busy.FullestLeaving(key);
  if (leaving == nullptr) return false;
  Answer(waiter, leaving);
  LookAgain(key);
  return true;
}

void State::NoteOutdated(const std::vector<Instance*>& old) {
  std::map<std::string, int> counts;
  for (const Instance* instance : old) ++counts[instance->build()->runtime];
  for (const auto& [runtime, count] : outdated) {
    if (counts.contains(runtime)) continue;
    log::Info("no instance is left on an older build", {{"runtime", runtime}});
  }
  outdated = std::move(counts);
}

}  // namespace ebb::scheduler
