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
  state->lines[version.key].waiters.push_back(this);
}

Waiter::~Waiter() {
  if (answer && *answer && **answer) state->Return(std::move(**answer));
  auto line = state->lines.find(version.key);
  if (line == state->lines.end()) return;
  std::erase(line->second.waiters, this);
  state->DropIfEmpty(version.key);
}

Task<Result<Lease>> State::Acquire(std::shared_ptr<State> self, Version version,
                                   Deadline deadline) {
  if (self->stopped) co_return Fail(Error::Unavailable("the server is stopping"));
  const TimePoint asked = self->clock.Now();
  if (auto instance = self->idle.Take(version.key)) {
    ++self->busy;
    co_return self->Lend(std::move(instance), asked);
  }

  Waiter waiter(self, version, deadline);
  self->StartLaunches();
  const Deadline admission = deadline.Earlier(self->clock.Now() + self->config.admission_wait);
  bool admission_over = self->config.admission_wait == Duration(0);
  while (!waiter.answer) {
    const bool launching = self->HasLaunch(waiter);
    if (!launching && admission_over) co_return Fail(self->Throttled(version));
    const bool notified = co_await waiter.answered.Wait(launching ? deadline : admission);
    if (notified || waiter.answer) continue;
    if (launching) co_return Fail(Error::DeadlineExceeded("no instance was ready in time"));
    admission_over = true;
  }
  Result<std::unique_ptr<Instance>> answer = *std::exchange(waiter.answer, std::nullopt);
  if (!answer) co_return Fail(answer.error());
  co_return self->Lend(std::move(*answer), asked);
}

}  // namespace ebb::scheduler
