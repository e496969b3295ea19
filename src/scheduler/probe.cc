// Whether instances in use are well.
#include <utility>

#include "base/log.h"
#include "scheduler/state.h"

namespace ebb::scheduler {

namespace {

// Keeps an instance thawed and in the pool of the busy while it is asked.
class Asking {
 public:
  Asking(std::shared_ptr<State> state, Instance& instance)
      : state_(std::move(state)), instance_(&instance) {
    instance.probing = true;
    instance.used_before = {};
    instance.busy_since = state_->clock.Now();
  }
  Asking(Asking&&) noexcept = default;
  ~Asking() {
    if (!state_) return;
    instance_->probing = false;
    state_->Settle(*instance_);
  }
  Instance& instance() { return *instance_; }

 private:
  std::shared_ptr<State> state_;  // Null when moved from.
  Instance* instance_;
};

Task<void> RunProbe(std::shared_ptr<State> state, Asking asking) {
  co_await asio::post(state->io, net::kAwait);  // Who began it looks at the pool of the busy.
  Instance& instance = asking.instance();
  auto well = co_await instance.sandbox->Probe();
  if (well) {
    instance.failed_probes = 0;
  } else if (++instance.failed_probes >= instance.health->failure_threshold) {
    instance.discarded = true;
    log::Warn("instance not well, takes no more calls",
              {{"instance", instance.id}, {"error", well.error()}});
  }
}

}  // namespace

void State::ProbeDue() {
  for (Instance* instance : busy.ProbeDue(clock.Now())) {
    probes->Spawn("probe", RunProbe(shared_from_this(), Asking(shared_from_this(), *instance)));
  }
}

}  // namespace ebb::scheduler
