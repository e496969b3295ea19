#include "scheduler/state.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace ebb::scheduler {

void State::Answer(Waiter& waiter, Result<std::unique_ptr<Instance>> answer) {
  std::erase(lines.at(waiter.version.key).waiters, &waiter);
  if (answer) ++busy;
  waiter.answer = std::move(answer);
  waiter.answered.NotifyAll();
}

Lease State::Lend(std::unique_ptr<Instance> instance, TimePoint asked) {
  instance->presence.Set(InstanceState::kBusy);
  const model::Start start = instance->lent_before ? model::Start::kWarm : model::Start::kCold;
  instance->lent_before = true;
  return Lease(shared_from_this(), std::move(instance), start, asked);
}

void State::Return(std::unique_ptr<Instance> instance) {
  --busy;
  instance->output->sink = nullptr;
  if (instance->discarded || !instance->sandbox->alive()) {
    instance.reset();
    StartLaunches();
  } else {
    Serve(std::move(instance));
  }
}

// A waiter has the instance as it is; freezing is for when nobody does.
void State::Serve(std::unique_ptr<Instance> instance) {
  const model::VersionKey key = instance->key;
  auto line = lines.find(key);
  if (!stopped && line != lines.end() && !line->second.waiters.empty()) {
    Answer(*line->second.waiters.front(), std::move(instance));
  } else if (!stopped && !Retired(key) && config.keep_warm > Duration::zero()) {
    idle.Put(std::move(instance), clock.Now());
  } else {
    instance->presence.EndsBy(Retired(key) ? model::ColdCause::kDeploy
                                           : model::ColdCause::kExpired);
    instance.reset();
  }
  DropIfEmpty(key);
  StartLaunches();
}

void State::OnLaunched(std::unique_ptr<Instance> instance) {
  --lines.at(instance->key).starting;
  Serve(std::move(instance));
}

void State::OnLaunchFailed(const model::VersionKey& key, Error error) {
  Line& line = lines.at(key);
  --line.starting;
  // Otherwise a returning instance has served someone meanwhile and this launch was to spare.
  if (line.starting < line.waiters.size()) Answer(*line.waiters.front(), Fail(std::move(error)));
  DropIfEmpty(key);
  StartLaunches();
}

bool State::HasLaunch(const Waiter& waiter) const {
  const Line& line = lines.at(waiter.version.key);
  const auto place = std::ranges::find(line.waiters, &waiter) - line.waiters.begin();
  return static_cast<std::size_t>(place) < line.starting;
}

void State::DropIfEmpty(const model::VersionKey& key) {
  auto line = lines.find(key);
  if (line == lines.end()) return;
  if (line->second.waiters.empty() && line->second.starting == 0) lines.erase(line);
}

bool State::Retired(const model::VersionKey& key) const {
  auto current = current_revisions.find(key.function_id);
  return current != current_revisions.end() && key.revision < current->second;
}

void State::Retire(const std::string& function_id, std::uint64_t current_revision) {
  idle.DestroyIf(model::ColdCause::kDeploy, [&](const Instance& instance) {
    return instance.key.function_id == function_id && instance.key.revision < current_revision;
  });
  if (current_revision == kNoRevision) roll.Forget(function_id);
  // Those that are lent or starting are told by this when they come back.
  if (budget.HasInstances(function_id)) current_revisions[function_id] = current_revision;
  StartLaunches();
}

void State::DestroyExpired() {
  const TimePoint now = clock.Now();
  idle.DestroyIf(model::ColdCause::kExpired, [&](const Instance& instance) {
    return now - instance.idle_since >= config.keep_warm || !instance.sandbox->alive();
  });
  std::erase_if(current_revisions,
                [&](const auto& entry) { return !budget.HasInstances(entry.first); });
  StartLaunches();
}

void State::RefuseEverything() {
  stopped = true;
  std::vector<Waiter*> everyone;
  for (auto& [key, line] : lines) {
    everyone.insert(everyone.end(), line.waiters.begin(), line.waiters.end());
  }
  for (Waiter* waiter : everyone) {
    Answer(*waiter, Fail(Error::Unavailable("the server is stopping")));
    DropIfEmpty(waiter->version.key);
  }
  idle.DestroyIf(model::ColdCause::kExpired, [](const Instance&) { return true; });
}

Error State::Throttled(const Version& version) const {
  const bool has_place = budget.HasPlace(version.key.function_id);
  std::string message = has_place
                            ? "no memory is free for another instance of " +
                                  std::to_string(version.memory.count()) + " MB"
                            : "the function has reached its limit of " +
                                  std::to_string(config.max_instances_per_function) + " instances";
  return Error::Throttled(std::move(message)).WithCode("ResourceExhausted");
}

}  // namespace ebb::scheduler
