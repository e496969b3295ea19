#include "events/consumer.h"

#include <algorithm>
#include <stdexcept>

#include "base/log.h"

namespace ebb::events {
namespace {

// Whether an attempt that did not reach the function is worth another: not if the request itself is
// wrong, or what it asks for is not there.
bool WorthWaitingFor(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kThrottled:
    case ErrorKind::kCancelled:
    case ErrorKind::kDeadline:
    case ErrorKind::kUnavailable:
    case ErrorKind::kInternal:
      return true;
    default:
      return false;
  }
}

// For people who look at the dead letter.
std::string ReasonOf(const invoke::Attempt& attempt) {
  if (!attempt.outcome) return attempt.outcome.error().message();
  constexpr std::size_t kLongest = 1024;
  return attempt.outcome->error_type + ": " + attempt.outcome->body.substr(0, kLongest);
}

}  // namespace

Duration WaitForCapacity(Duration age, Duration shortest, double chance) {
  const Duration wait = std::clamp<Duration>(age / 2, shortest, std::chrono::minutes(5));
  const double kept = 1 - chance / 2;
  return std::chrono::duration_cast<Duration>(
      std::chrono::duration<double, std::nano>(static_cast<double>(wait.count()) * kept));
}

// Takes a delivery off the list of those under way, unless it was cut short: then Stop finds it
// there and gives it back.
struct Consumer::Held {
  Held(Consumer& c, std::int64_t i) : consumer(c), id(i) {}
  ~Held() {
    if (over) consumer.under_way_.erase(id);
    consumer.ended_.NotifyAll();
  }
  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;

  Consumer& consumer;
  std::int64_t id;
  bool over = false;
};

Consumer::Consumer(asio::io_context& io, store::Database& database, queue::Queue& queue,
                   metering::Ledger& ledger, invoke::Door& door, const Clock& clock, Random& random,
                   ConsumerConfig config)
    : database_(database),
      queue_(queue),
      ledger_(ledger),
      door_(door),
      clock_(clock),
      random_(random),
      config_(config),
      ended_(io),
      attempts_(io),
      loops_(io) {}

void Consumer::Start() {
  loops_.Spawn("consumer take", TakeAll());
  loops_.Spawn("consumer extend", ExtendAll());
}

Task<void> Consumer::Stop(Deadline deadline) {
  // Holds are no longer extended from here on: a deadline beyond queue::Config::hold is too long.
  co_await loops_.Stop();
  stopping_ = true;
  while (attempts_.running() > 0) {
    const bool notified = co_await ended_.Wait(deadline);
    if (!notified) break;
  }
  co_await attempts_.Stop();
  for (const auto& [id, delivery] : std::exchange(under_way_, {})) {
    auto returned = co_await queue_.Return(delivery, Duration{});
    if (!returned) log::Warn("message not given back", {{"error", returned.error()}});
  }
}

Task<void> Consumer::TakeAll() {
  auto released = co_await queue_.ReleaseHolds();
  while (!released) {
    log::Warn("holds of the last run not released", {{"error", released.error()}});
    co_await net::SleepFor(config_.retry_store_after);
    released = co_await queue_.ReleaseHolds();
  }
  const auto room = [this] { return config_.max_parallel - static_cast<int>(under_way_.size()); };
  while (true) {
    if (room() <= 0) {
      co_await ended_.Wait(Deadline::Never());
      continue;
    }
    auto taken = co_await queue_.Take(room());
    if (!taken) {
      log::Warn("queue cannot be read", {{"error", taken.error()}});
      co_await net::SleepFor(config_.retry_store_after);
      continue;
    }
    for (queue::Delivery& delivery : *taken) {
      under_way_.insert_or_assign(delivery.id, delivery);
      attempts_.Spawn("attempt", RunOne(std::move(delivery)));
    }
    if (taken->empty()) co_await queue_.WaitForDue(Deadline::Never());
  }
}

Task<void> Consumer::ExtendAll() {
  while (true) {
    co_await net::SleepFor(config_.extend_every);
    const auto held = under_way_;  // Others come and go meanwhile.
    for (const auto& [id, delivery] : held) {
      if (!under_way_.contains(id)) continue;
      auto extended = co_await queue_.Extend(delivery);
      if (!extended) {
        log::Warn("hold not extended",
                  {{"request", delivery.message.request_id}, {"error", extended.error()}});
      }
    }
  }
}

Task<void> Consumer::RunOne(queue::Delivery delivery) {
  Held held(*this, delivery.id);
  invoke::Attempt attempt = co_await Try(delivery);
  const bool failed = !attempt.outcome;
  if (failed && attempt.outcome.error().kind() == ErrorKind::kCancelled && stopping_) co_return;
  // It has run.  Stop waits for what is left, one write: cutting it short would run it again.
  co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
  if (failed && WorthWaitingFor(attempt.outcome.error().kind())) {
    held.over = co_await GiveBack(std::move(delivery), attempt.outcome.error());
  } else {
    Ending ending = EndingOf(delivery, std::move(attempt));
    held.over = co_await Commit(std::move(delivery), std::move(ending));
  }
}

Task<invoke::Attempt> Consumer::Try(queue::Delivery delivery) {
  invoke::Attempt attempt;
  if (AgeOf(delivery.message) > delivery.message.max_age) {
    // kDenied: waiting will not help.
    attempt.outcome = Fail(Error::Denied("reached its maximum age before it could run"));
    co_return attempt;
  }
  invoke::Call call;
  call.account = std::move(delivery.message.account);
  call.function = std::move(delivery.message.function);
  call.qualifier = std::move(delivery.message.qualifier);
  call.request_id = delivery.message.request_id;
  call.trigger = std::move(delivery.message.trigger);
  call.payload = std::move(delivery.message.payload);
  call.mode = invoke::Mode::kAsync;
  call.attempt = delivery.attempt;
  try {
    attempt = co_await door_.Invoke(std::move(call));
  } catch (const std::logic_error& bug) {
    log::Error("bug in an attempt",
               {{"request", delivery.message.request_id}, {"what", bug.what()}});
    attempt.outcome = Fail(Error::Internal("an internal error; the server's log has it"));
  }
  co_return attempt;
}

Duration Consumer::AgeOf(const model::Message& message) const {
  return clock_.WallNow() - message.enqueued - message.delay;
}

// The function never saw it, so it is not one of the message's attempts.
Task<bool> Consumer::GiveBack(queue::Delivery delivery, Error why) {
  if (why.kind() == ErrorKind::kInternal) {
    log::Error("attempt failed inside", {{"request", delivery.message.request_id}, {"error", why}});
  }
  const Duration age = AgeOf(delivery.message);
  Duration wait = WaitForCapacity(age, config_.first_capacity_wait, random_.Unit());
  // Not beyond the maximum age, at which it dies.
  wait = std::min(wait, std::max<Duration>(delivery.message.max_age - age, Duration{}));
  auto returned = co_await queue_.Return(delivery, wait);
  // Otherwise its hold runs out and it is due again by itself.
  if (!returned) log::Warn("message not given back", {{"error", returned.error()}});
  co_return true;
}

Consumer::Ending Consumer::EndingOf(const queue::Delivery& delivery, invoke::Attempt attempt) {
  Ending ending;
  ending.usage = std::move(attempt.usage);
  if (attempt.outcome && attempt.outcome->ok) return ending;
  if (!attempt.outcome || queue_.Exhausted(delivery)) {
    ending.fate = Fate::kBury;
    ending.reason = ReasonOf(attempt);
  } else {
    ending.fate = Fate::kRetry;
    ending.wait = queue_.Backoff(delivery.attempt - delivery.earlier_attempts);
  }
  return ending;
}

// Tells the queue what became of the message, and the ledger what the attempt cost.
//
// The two facts are ONE commit, because no order of two commits is right.  Finish first, then bill:
// a crash in between loses the record and the function ran for free.  Bill first, then finish: a
// crash in between redelivers the message, and one upload is billed twice with nothing to show that
// it was the same one.  Any other crash here is harmless: the hold runs out and the message comes
// back.
//
// The function has run, so its end must be kept however long the disk is full.  False when the
// server stops before that.
Task<bool> Consumer::Commit(queue::Delivery delivery, Ending ending) {
  while (true) {
    auto ended = co_await database_.Write(
        [&](store::Transaction& tx) { return EndIn(tx, delivery, ending); });
    if (ended) {
      if (ending.fate == Fate::kRetry) queue_.NotifyEnqueued();
      co_return true;
    }
    log::Warn("end of an attempt not kept",
              {{"request", delivery.message.request_id}, {"error", ended.error()}});
    if (stopping_) co_return false;
    co_await net::SleepFor(config_.retry_store_after);
  }
}

// On the writer's thread.
Result<void> Consumer::EndIn(store::Transaction& tx, const queue::Delivery& delivery,
                             const Ending& ending) {
  if (ending.usage) {
    if (auto kept = ledger_.AppendIn(tx, *ending.usage); !kept) return kept;
  }
  Result<void> ended;
  switch (ending.fate) {
    case Fate::kFinish:
      ended = queue_.FinishIn(tx, delivery);
      break;
    case Fate::kRetry:
      ended = queue_.RetryIn(tx, delivery, ending.wait);
      break;
    case Fate::kBury:
      ended = queue_.BuryIn(tx, delivery, ending.reason);
      break;
  }
  // Our hold ran out and somebody else has the message, or its function was deleted.  The attempt
  // was made all the same and is billed.
  if (!ended && ended.error().kind() == ErrorKind::kConflict) return {};
  return ended;
}

}  // namespace ebb::events
