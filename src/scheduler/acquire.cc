// Waiting for an instance.
#include <utility>

#include "scheduler/state.h"

namespace ebb::scheduler {

Waiter::Waiter(std::shared_ptr<State> s, const Version& v, Deadline d)
    : state(std::move(s)),
      version(v),
      deadline(d),
      ticket(state->next_ticket++),
      answered(state->io) {
  Line& line = state->lines[version.key];
  line.concurrency = static_cast<std::size_t>(version.concurrency);
  line.waiters.push_back(this);
}

Waiter::~Waiter() {
  if (answer && *answer) state->Return(***answer);
  auto line = state->lines.find(version.key);
  if (line == state->lines.end()) return;
  std::erase(line->second.waiters, this);
  state->LookAgain(version.key);
}

Task<Result<Lease>> State::Acquire(std::shared_ptr<State> self, Version version,
                                   Deadline deadline) {
  if (self->stopped) co_return Fail(Error::Unavailable("the server is stopping"));
  const TimePoint asked = self->clock.Now();
  Instance* at_hand = self->busy.Fullest(version.key);
  if (at_hand == nullptr) {
    if (auto idle = self->idle.Take(version.key)) {
      at_hand = &self->busy.Put(std::move(idle), asked);
    }
  }
  if (at_hand != nullptr) {
    ++at_hand->leases;
    ++at_hand->uses;
    co_return self->Lend(*at_hand, asked);
  }

  Waiter waiter(self, version, deadline);
  self->LookAgain(waiter.version.key);
  self->StartLaunches();
  const Deadline admission = deadline.Earlier(self->clock.Now() + self->config.admission_wait);
  bool admission_over = self->config.admission_wait == Duration(0);
  while (!waiter.answer) {
    const Hope hope = waiter.hope;
    if (hope == Hope::kRoom && admission_over) co_return Fail(self->Throttled(version));
    const Deadline until = hope == Hope::kRoom     ? admission
                           : hope == Hope::kLaunch ? deadline
                                                   : Deadline::Never();
    const bool notified = co_await waiter.answered.Wait(until);
    if (notified || waiter.answer) continue;
    if (hope == Hope::kLaunch) {
      co_return Fail(Error::DeadlineExceeded("no instance was ready in time"));
    }
    admission_over = true;
  }
  const Result<Instance*> answer = *std::exchange(waiter.answer, std::nullopt);
  if (!answer) co_return Fail(answer.error());
  co_return self->Lend(**answer, asked);
}

}  // namespace ebb::scheduler
