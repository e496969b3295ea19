// Guests in instances.
#include <utility>

#include "base/log.h"
#include "scheduler/state.h"

namespace ebb::scheduler {

Stay::~Stay() {
  if (!state_) return;
  guest_.reset();
  state_->EndStay(instance_id_);
}

Task<void> Stay::Pump(sandbox::Guest::From from, const sandbox::OutputSink& sink,
                      Deadline deadline) {
  while (true) {
    auto piece = co_await guest_->Read(from, deadline);
    if (!piece || piece->empty()) co_return;
    sink(*piece);
  }
}

Task<Result<int>> Stay::Finish(sandbox::OutputSink sink, Deadline deadline) {
  using enum sandbox::Guest::From;
  guest_->EndInput();
  net::TaskGroup pumps(state_->io);
  for (const auto from : {kOutput, kErrors}) pumps.Spawn("pump", Pump(from, sink, deadline));
  auto code = co_await guest_->WaitEnd(deadline);
  // What it has left behind may hold its pipes open: only what is in them by now was written by it.
  co_await pumps.Stop();
  for (const auto from : {kOutput, kErrors}) {
    co_await Pump(from, sink, Deadline(state_->clock.Now()));
  }
  co_return code;
}

Task<Result<Stay>> State::Enter(std::shared_ptr<State> self, Destination destination,
                                sandbox::GuestSpec spec, Deadline deadline) {
  Instance* instance = self->roll.Find(destination.instance_id);
  if (self->stopped || instance == nullptr ||
      instance->key.function_id != destination.function_id) {
    co_return Fail(
        Error::NotFound("instance '" + destination.instance_id + "' of the function does not live")
            .WithCode("InstanceNotFound"));
  }
  ++instance->guests;
  Stay stay(self, destination.instance_id);
  if (auto thawed = instance->Thaw(); !thawed) co_return Fail(thawed.error());
  auto guest = co_await self->launcher.Enter(*instance->sandbox, std::move(spec), deadline);
  if (!guest) co_return Fail(guest.error());
  stay.guest_ = std::move(*guest);
  co_return stay;
}

void State::EndStay(const std::string& instance_id) {
  Instance* instance = roll.Find(instance_id);
  if (instance == nullptr || --instance->guests > 0 || !instance->presence.idle()) return;
  if (instance->frozen) return;  // It could not be thawed.
  instance->idle_since = clock.Now();
  const auto frozen = instance->Freeze();
  if (frozen) return;
  log::Warn("instance not frozen, destroyed",
            {{"instance", instance_id}, {"error", frozen.error()}});
  idle.DestroyIf(model::ColdCause::kCrash,
                 [instance](const Instance& one) { return &one == instance; });
  StartLaunches();
}

}  // namespace ebb::scheduler
