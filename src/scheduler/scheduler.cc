#include "scheduler/scheduler.h"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "scheduler/state.h"

namespace ebb::scheduler {

namespace {

Mebibytes MemoryBudget(const Config& config) {
  if (config.memory_budget > Mebibytes(0)) return config.memory_budget;
  const std::int64_t machine = std::int64_t{sysconf(_SC_PHYS_PAGES)} * sysconf(_SC_PAGESIZE);
  return Mebibytes((machine >> 20) * 8 / 10);
}

}  // namespace

State::State(asio::io_context& io_, sandbox::Launcher& launcher_, const Clock& clock_,
             Random& random_, Config config_, metrics::Metrics& metrics)
    : io(io_),
      launcher(launcher_),
      clock(clock_),
      random(random_),
      config(std::move(config_)),
      roll(clock, metrics),
      budget(MemoryBudget(config), config.max_instances_per_function),
      launches(std::make_unique<net::TaskGroup>(io)),
      farewells(std::make_unique<net::TaskGroup>(io)),
      probes(std::make_unique<net::TaskGroup>(io)) {}

Scheduler::Scheduler(asio::io_context& io, sandbox::Launcher& launcher, const Clock& clock,
                     Random& random, Config config, metrics::Metrics& metrics)
    : state_(std::make_shared<State>(io, launcher, clock, random, std::move(config), metrics)) {}

Scheduler::~Scheduler() {
  state_->RefuseEverything();
  state_->launches.reset();
  state_->farewells.reset();
  state_->probes.reset();
}

Task<Result<Lease>> Scheduler::Acquire(Version version, Deadline deadline) {
  return State::Acquire(state_, std::move(version), deadline);
}

Task<Result<Stay>> Scheduler::Enter(Destination destination, sandbox::GuestSpec spec,
                                    Deadline deadline) {
  return State::Enter(state_, std::move(destination), std::move(spec), deadline);
}

void Scheduler::Retire(const std::string& function_id, std::uint64_t current_revision) {
  state_->Retire(function_id, current_revision);
}

void Scheduler::DestroyExpired() { state_->DestroyExpired(); }

void Scheduler::ProbeDue() { state_->ProbeDue(); }

void Scheduler::RelieveMachine() { state_->RelieveMachine(); }

void Scheduler::ReplaceOutdated() { state_->ReplaceOutdated(); }

Task<void> Scheduler::Run() {
  constexpr Duration kSecond = std::chrono::seconds(1);
  const Duration keep = state_->config.keep_warm;
  const Duration period = keep > Duration::zero() ? std::min(keep, kSecond) : kSecond;
  while (true) {
    co_await net::SleepFor(std::max<Duration>(period, std::chrono::milliseconds(10)));
    state_->DestroyExpired();
    state_->ProbeDue();
    state_->RelieveMachine();
    state_->ReplaceOutdated();
  }
}

Task<void> Scheduler::Stop() {
  state_->RefuseEverything();
  co_await state_->launches->Stop();
  co_await state_->probes->Stop();
  const Deadline until(state_->clock.Now() + state_->config.farewell_wait);
  while (!state_->partings.empty()) {
    const bool notified = co_await state_->parted.Wait(until);
    if (!notified) break;
  }
  co_await state_->farewells->Stop();
  state_->ending.clear();
}

std::vector<InstanceEntry> Scheduler::instances(const std::string& function_id) const {
  return state_->roll.List(function_id);
}

std::optional<sandbox::TemplateState> Scheduler::TemplateOf(
    const model::VersionKey& version) const {
  for (const sandbox::TemplateState& state : state_->launcher.Templates()) {
    if (state.version == VersionName(version)) return state;
  }
  return std::nullopt;
}

std::vector<sandbox::RuntimeState> Scheduler::runtimes() const {
  return state_->launcher.Runtimes();
}

std::vector<std::pair<std::string, int>> Scheduler::outdated() const {
  std::map<std::string, int> counts;  // Those with none, too: a metric that ends says nothing.
  for (const auto& runtime : runtimes()) counts[runtime.build->runtime] = 0;
  for (const Instance* instance : state_->roll.Outdated()) ++counts[instance->build()->runtime];
  return {counts.begin(), counts.end()};
}

Scheduler::Counts Scheduler::counts() const {
  Counts counts{.idle = state_->idle.size(), .busy = state_->busy.size()};
  for (const auto& [key, line] : state_->lines) counts.starting += static_cast<int>(line.starting);
  return counts;
}

}  // namespace ebb::scheduler
