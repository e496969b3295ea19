#include "queue/queue.h"

#include <algorithm>

#include "base/log.h"
#include "queue/queue_state.h"

namespace ebb::queue {
namespace {

// A waiting consumer looks again this often, whatever it was told: a wall clock that jumps, or a
// writer that forgot to notify, cost no more than this.
constexpr Duration kLookAgain = std::chrono::seconds(1);

// When the next message is due, a held one at the end of its hold.
Task<Result<std::optional<WallTime>>> NextDue(store::Database& database) {
  using Due = std::optional<WallTime>;
  co_return co_await database.Reading<Due>([](store::Reader& reader) -> Result<Due> {
    auto rows = reader.Query("SELECT due_ms FROM queue_messages ORDER BY due_ms LIMIT 1");
    if (!rows) return Fail(rows.error());
    if (rows->empty()) return Due();
    return Due(FromUnixMillis(rows->at(0).Int(0)));
  });
}

}  // namespace

Queue::Queue(store::Database& database, const Clock& clock, Random& random, asio::io_context& io,
             Config config)
    : state_(std::make_shared<State>(database, clock, random, io, config)) {}

void Queue::State::Notify() {
  ++notified;
  wake.NotifyAll();
}

void Queue::NotifyEnqueued() { state_->Notify(); }

Task<void> Queue::WaitForDue(Deadline deadline) {
  const std::shared_ptr<State> state = state_;
  for (;;) {
    const std::uint64_t notified = state->notified;
    auto due = co_await NextDue(state->database);
    if (state->notified != notified) co_return;
    Duration wait = kLookAgain;
    if (!due) {
      log::Warn("queue cannot be read", {{"error", due.error()}});
    } else if (*due) {
      wait = std::min(wait, **due - state->clock.WallNow());
    }
    if (wait <= Duration::zero()) co_return;
    const TimePoint until = state->clock.Now() + wait;
    if (co_await state->wake.Wait(deadline.Earlier(until))) co_return;
    if (deadline.passed(state->clock.Now())) co_return;
  }
}

Duration Queue::Backoff(int attempt) {
  const Config& config = state_->config;
  Duration wait = config.first_backoff;
  for (int i = 1; i < attempt && wait < config.max_backoff; ++i) wait *= 2;
  wait = std::min(wait, config.max_backoff);
  const auto off = static_cast<double>(wait.count()) * state_->random.Unit() / 2;
  return wait - Duration(static_cast<std::int64_t>(off));
}

bool Queue::Exhausted(const Delivery& delivery) const {
  const model::Message& message = delivery.message;
  return delivery.attempt - delivery.earlier_attempts > message.max_retries ||
         state_->clock.WallNow() - message.enqueued - message.delay > message.max_age;
}

Task<Result<Queue::Depth>> Queue::Stats(std::string account, std::optional<std::string> function) {
  const std::shared_ptr<State> state = state_;
  const std::int64_t now = state->NowMillis();
  std::string of = " FROM queue_messages WHERE account = ?";
  std::string of_dead = " FROM queue_dead WHERE account = ?";
  std::vector<store::Value> who = {account};
  if (function) {
    of += " AND function = ?";
    of_dead += " AND function = ?";
    who.emplace_back(*function);
  }
  co_return co_await state->database.Reading<Depth>([=](store::Reader& reader) -> Result<Depth> {
    std::vector<store::Value> values = {now};
    values.insert(values.end(), who.begin(), who.end());
    auto live = reader.Query(
        "SELECT COUNT(*), COUNT(CASE WHEN hold <> 0 AND due_ms > ? THEN 1 END)" + of, values);
    if (!live) return Fail(live.error());
    auto dead = reader.Query("SELECT COUNT(*)" + of_dead, who);
    if (!dead) return Fail(dead.error());
    const std::int64_t all = live->at(0).Int(0);
    const std::int64_t held = live->at(0).Int(1);
    return Depth{.waiting = all - held, .held = held, .dead = dead->at(0).Int(0)};
  });
}

Result<void> Queue::ForgetFunctionIn(store::Transaction& tx, const std::string& account,
                                     const std::string& function) {
  for (const char* sql : {
           "DELETE FROM queue_payloads WHERE message_id IN"
           " (SELECT id FROM queue_messages WHERE account = ? AND function = ?)",
           "DELETE FROM queue_payloads WHERE message_id IN"
           " (SELECT message_id FROM queue_dead WHERE account = ? AND function = ?)",
           "DELETE FROM queue_messages WHERE account = ? AND function = ?",
           "DELETE FROM queue_dead WHERE account = ? AND function = ?",
           "DELETE FROM queue_keys WHERE account = ? AND function = ?",
       }) {
    if (auto done = tx.Execute(sql, {account, function}); !done) {
      return Fail(done.error().With("forget a function's messages"));
    }
  }
  return {};
}

}  // namespace ebb::queue
