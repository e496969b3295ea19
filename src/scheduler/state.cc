#include "scheduler/state.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace ebb::scheduler {

void State::Answer(Waiter& waiter, Result<Instance*> answer) {
  std::erase(lines.at(waiter.version.key).waiters, &waiter);
  if (answer) {
    ++(*answer)->leases;
    ++(*answer)->uses;
  }
  waiter.answer = std::move(answer);
  waiter.answered.NotifyAll();
}

void State::FailFirst(Line& line, std::size_t count, const Error& error) {
  for (; count > 0 && !line.waiters.empty(); --count) Answer(*line.waiters.front(), Fail(error));
}

Lease State::Lend(Instance& instance, TimePoint asked) {
  return Lease(shared_from_this(), instance, asked);
}

void State::Return(Instance& instance) {
  if (--instance.leases == 0) instance.output->sink = nullptr;
  Settle(instance);
}

void State::Settle(Instance& instance) {
  if (!instance.sandbox->alive()) instance.discarded = true;
  if (instance.leases > 0 || instance.probing) {
    Share(instance);
    LookAgain(instance.key);
    StartLaunches();
    return;
  }
  std::unique_ptr<Instance> unused = busy.Take(instance, clock.Now());
  if (!unused->discarded) return Serve(std::move(unused));
  const model::VersionKey key = unused->key;
  End(std::move(unused));
  LookAgain(key);
  StartLaunches();
}

void State::OnLoaded(Instance& instance) {
  instance.loaded = true;
  instance.start_cost += clock.Now() - instance.busy_since;
  Share(instance);
  LookAgain(instance.key);
  StartLaunches();
}

void State::OnLoadFailed(Instance& instance, const Error& error) {
  instance.discarded = true;
  auto line = lines.find(instance.key);
  if (line == lines.end()) return;
  FailFirst(line->second, line->second.concurrency - 1, error);
  LookAgain(instance.key);
}

// Its place and its memory are free at once.  The kernel needs a quarter of a millisecond to be rid
// of its processes' surroundings, and whoever has just returned it has an answer to give first.
void State::End(std::unique_ptr<Instance> instance) {
  ending.push_back(std::move(instance->sandbox));
  if (ending.size() > 1) return;
  asio::post(io, [state = weak_from_this()] {
    if (const auto self = state.lock()) std::exchange(self->ending, {}).clear();
  });
}

// A waiter has the instance as it is; freezing is for when nobody does.
void State::Serve(std::unique_ptr<Instance> instance) {
  const model::VersionKey key = instance->key;
  auto line = lines.find(key);
  // Its memory would be no other's: better this one than none.
  const bool waited_for = line != lines.end() && !line->second.waiters.empty();
  if (instance->leaving && waited_for && MachineIsShort()) instance->leaving = false;
  if (instance->leaving) {
    instance->presence.EndsBy(Retired(key) ? model::ColdCause::kDeploy
                                           : model::ColdCause::kUpgrade);
    Dispose(std::move(instance));
  } else if (!stopped && waited_for) {
    Share(busy.Put(std::move(instance), clock.Now()));
  } else if (!stopped && !Retired(key) && config.keep_warm > Duration::zero()) {
    idle.Put(std::move(instance), clock.Now());
  } else {
    instance->presence.EndsBy(Retired(key) ? model::ColdCause::kDeploy
                                           : model::ColdCause::kExpired);
    Dispose(std::move(instance));
  }
  LookAgain(key);
  StartLaunches();
}

void State::Share(Instance& instance) {
  auto line = lines.find(instance.key);
  if (line == lines.end()) return;
  if (instance.leaving) return;  // See LendLeaving.
  auto& waiters = line->second.waiters;
  while (!waiters.empty() && instance.has_place()) Answer(*waiters.front(), &instance);
}

void State::OnLaunched(std::unique_ptr<Instance> instance) {
  --lines.at(instance->key).starting;
  Serve(std::move(instance));
}

void State::OnLaunchFailed(const model::VersionKey& key, Error error) {
  Line& line = lines.at(key);
  --line.starting;
  // As many as counted on it.  None if places that came free have served them meanwhile.
  const std::size_t expected = Expected(key, line);
  if (line.waiters.size() > expected) {
    FailFirst(line, std::min(line.waiters.size() - expected, line.concurrency), error);
  }
  LookAgain(key);
  StartLaunches();
}

// Places in instances whose code is being loaded.
std::size_t State::Joinable(const model::VersionKey& key, const Line& line) const {
  return line.concurrency == 1 ? 0 : busy.CountLoading(key) * (line.concurrency - 1);
}

// Those, and places in instances that are being launched.
std::size_t State::Expected(const model::VersionKey& key, const Line& line) const {
  return Joinable(key, line) + line.starting * line.concurrency;
}

void State::LookAgain(const model::VersionKey& key) {
  auto found = lines.find(key);
  if (found == lines.end()) return;
  Line& line = found->second;
  const std::size_t joinable = Joinable(key, line);
  const std::size_t expected = Expected(key, line);
  for (std::size_t place = 0; place < line.waiters.size(); ++place) {
    const Hope hope = place < joinable   ? Hope::kLoading
                      : place < expected ? Hope::kLaunch
                                         : Hope::kRoom;
    if (std::exchange(line.waiters[place]->hope, hope) == hope) continue;
    line.waiters[place]->answered.NotifyAll();
  }
  if (line.waiters.empty() && line.starting == 0) lines.erase(found);
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
  launcher.Forget(function_id + "@", VersionName({function_id, current_revision}));
  StartLaunches();
}

void State::DestroyExpired() {
  const TimePoint now = clock.Now();
  idle.DestroyIf(model::ColdCause::kExpired, [&](const Instance& instance) {
    const bool expired = now - instance.idle_since >= config.keep_warm && instance.guests == 0;
    return expired || !instance.sandbox->alive();
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
    LookAgain(waiter->version.key);
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
