// The end of an instance: its last hook, beside and never before the calls of others.
#include <utility>
#include <vector>

#include "base/log.h"
#include "scheduler/state.h"

namespace ebb::scheduler {

namespace {

// Takes a parting off the list, however it ends.
class Parted {
 public:
  Parted(std::shared_ptr<State> state, std::uint64_t id) : state_(std::move(state)), id_(id) {}
  Parted(Parted&&) noexcept = default;
  ~Parted() {
    if (!state_) return;
    state_->partings.erase(id_);
    state_->parted.NotifyAll();
  }

 private:
  std::shared_ptr<State> state_;  // Null when moved from.
  std::uint64_t id_;
};

Task<void> RunFarewell(std::shared_ptr<State> state, Parted parted,
                       std::unique_ptr<Instance> instance) {
  // Whoever disposes of an instance is in the middle of something.
  co_await asio::post(state->io, net::kAwait);
  if (auto thawed = instance->Thaw(); !thawed) {
    log::Warn("instance not thawed, no last hook",
              {{"instance", instance->id}, {"error", thawed.error()}});
    co_return;
  }
  const auto farewell = std::move(instance->farewell);
  Instance& parting = state->busy.Put(std::move(instance), state->clock.Now());
  parting.discarded = true;
  ++parting.leases;
  co_await farewell(state->Lend(parting, state->clock.Now()));
}

}  // namespace

void State::Dispose(std::unique_ptr<Instance> instance) {
  const bool has_last_words =
      instance->farewell && instance->loaded && instance->sandbox->alive() && farewells;
  if (!has_last_words) return End(std::move(instance));
  const std::uint64_t id = next_parting++;
  partings[id] = {.memory = instance->memory, .task = {}};
  instance->reservation.reset();
  Parted at_its_end(shared_from_this(), id);
  auto task = farewells->Spawn(
      "farewell", RunFarewell(shared_from_this(), std::move(at_its_end), std::move(instance)));
  // It is gone already if the group takes no more tasks.
  if (auto parting = partings.find(id); parting != partings.end()) parting->second.task = task;
}

void State::CutFarewellsShort() {
  std::int64_t over = budget.reserved().count() - budget.memory().count() * 11 / 10;
  for (const auto& [id, parting] : partings) over += parting.memory.count();
  std::vector<net::TaskGroup::Handle> cut;
  for (auto& [id, parting] : partings) {
    if (over <= 0) break;
    if (parting.memory == Mebibytes(0)) continue;
    over -= std::exchange(parting.memory, Mebibytes(0)).count();
    cut.push_back(parting.task);
  }
  for (const auto& task : cut) task.Cancel();
  if (!cut.empty()) log::Warn("last hooks cut short for want of memory", {{"count", cut.size()}});
}

}  // namespace ebb::scheduler
