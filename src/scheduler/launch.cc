// Starting instances, for as many waiters as there is room for.
#include <algorithm>
#include <utility>
#include <vector>

#include "scheduler/state.h"

namespace ebb::scheduler {

namespace {

// "c-<seconds, 8 hex>-<12 hex>": FC's form of an instance id.
std::string MakeInstanceId(const Clock& clock, Random& random) {
  std::string id = MakeRequestId(clock, random);  // "1-<seconds, 8 hex>-…"
  return "c" + id.substr(1, 10) + random.Hex(6);
}

// What an instance takes over from its version.
struct Traits {
  int concurrency = 1;
  std::function<Task<void>(Lease)> farewell;
};

// Not cut short when its waiter leaves: what was begun is likely to be wanted soon.
Task<void> RunLaunch(Launch launch, std::shared_ptr<State> state, model::VersionKey key,
                     sandbox::Spec spec, Traits traits, Deadline deadline) {
  std::string id = spec.id;
  const Mebibytes memory = launch.memory();
  std::optional<sandbox::HealthCheck> health = spec.health;
  auto output = std::make_shared<Output>();
  sandbox::OutputSink sink = [output](std::string_view bytes) {
    if (output->sink) output->sink(bytes);
  };
  auto sandbox = co_await state->launcher.Launch(std::move(spec), std::move(sink), deadline);
  if (!sandbox) {
    launch.FailWith(sandbox.error());
    co_return;
  }
  Birth birth = launch.birth();
  birth.Report((*sandbox)->start_report());
  Presence presence = state->roll.Enter(
      {.id = id, .key = key, .memory = memory, .birth = birth, .build = (*sandbox)->build()});
  auto instance =
      std::make_unique<Instance>(Instance{.id = std::move(id),
                                          .key = std::move(key),
                                          .concurrency = traits.concurrency,
                                          .memory = memory,
                                          .reservation = launch.TakeReservation(),
                                          .output = std::move(output),
                                          .sandbox = std::move(*sandbox),
                                          .birth = birth,
                                          .presence = std::move(presence),
                                          .farewell = std::move(traits.farewell),
                                          .start_cost = state->clock.Now() - birth.began,
                                          .health = std::move(health)});
  instance->presence.Is(*instance);
  launch.Succeed(std::move(instance));
}

}  // namespace

std::string VersionName(const model::VersionKey& key) {
  return key.function_id + "@" + std::to_string(key.revision);
}

Launch::Launch(std::shared_ptr<State> state, model::VersionKey key, Reservation reservation,
               Birth birth)
    : state_(std::move(state)),
      key_(std::move(key)),
      reservation_(std::move(reservation)),
      birth_(birth) {}

Launch::~Launch() {
  if (!state_) return;
  reservation_.reset();
  state_->roll.GiveBack(key_, birth_.cold.cause);
  state_->OnLaunchFailed(key_, std::move(error_));
}

void Launch::Succeed(std::unique_ptr<Instance> instance) {
  std::exchange(state_, nullptr)->OnLaunched(std::move(instance));
}

void State::StartLaunches() {
  if (stopped) return;
  std::vector<std::pair<std::uint64_t, model::VersionKey>> wanting;  // By who has waited longest.
  for (const auto& [key, line] : lines) {
    const std::size_t expected = Expected(key, line);
    if (line.waiters.size() > expected) wanting.emplace_back(line.waiters[expected]->ticket, key);
  }
  std::ranges::sort(wanting);
  // A launch may end at once and change any line, so each step looks again.
  for (const auto& [ticket, key] : wanting) {
    while (StartLaunch(key)) {
    }
  }
}

bool State::StartLaunch(const model::VersionKey& key) {
  auto line = lines.find(key);
  if (line == lines.end()) return false;
  const std::size_t expected = Expected(key, line->second);
  if (line->second.waiters.size() <= expected) return false;
  Waiter& waiter = *line->second.waiters[expected];
  if (MachineIsShort()) return LendLeaving(waiter);
  Birth birth{.began = clock.Now()};
  auto reservation = idle.Reserve(key, waiter.version.memory);
  if (!reservation) return LendLeaving(waiter);
  CutFarewellsShort();
  birth.cold.cause = roll.TakeCause(key);
  const TimePoint placed = clock.Now();
  birth.cold.place = placed - birth.began;

  ++line->second.starting;
  sandbox::Spec spec = waiter.version.make_spec();
  birth.cold.fetch_code = clock.Now() - placed;
  spec.id = MakeInstanceId(clock, random);
  spec.version = VersionName(key);
  const Deadline deadline = waiter.deadline;
  Traits traits{.concurrency = waiter.version.concurrency, .farewell = waiter.version.farewell};
  LookAgain(key);  // From now on they wait for as long as the launch may take.
  Launch launch(shared_from_this(), key, std::move(*reservation), birth);
  launches->Spawn("launch", RunLaunch(std::move(launch), shared_from_this(), key, std::move(spec),
                                      std::move(traits), deadline));
  return true;
}

}  // namespace ebb::scheduler
