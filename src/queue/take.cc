// Messages out: taking with a hold, and the ways to end a delivery.
#include <algorithm>

#include "queue/queue_state.h"

namespace ebb::queue {
namespace {

// A statement that must change exactly the row that `delivery` still holds.
Result<void> OnHeld(Result<std::int64_t> changed) {
  if (!changed) return Fail(changed.error());
  if (*changed == 0) {
    return Fail(Error::Conflict("the hold ran out and the message is somebody else's, or gone"));
  }
  return {};
}

std::int64_t TokenOf(const Delivery& delivery) { return static_cast<std::int64_t>(delivery.hold); }

struct Claim {
  std::int64_t now_ms;
  std::int64_t until_ms;
  std::int64_t hold;
  int limit;
};

Result<std::vector<Delivery>> ClaimDue(store::Transaction& tx, const Claim& claim) {
  static const std::string sql = std::string("SELECT id, attempts, earlier_attempts, ") +
                                 kMessageColumns +
                                 " FROM queue_messages WHERE due_ms <= ?"
                                 " ORDER BY due_ms, id LIMIT ?";
  auto rows = tx.Query(sql, {claim.now_ms, static_cast<std::int64_t>(claim.limit)});
  if (!rows) return Fail(rows.error());
  std::vector<Delivery> taken;
  for (const store::Row& row : *rows) {
    auto held = tx.Execute(
        "UPDATE queue_messages SET due_ms = ?, hold = ?, attempts = attempts + 1 WHERE id = ?",
        {claim.until_ms, claim.hold, row.Int(0)});
    if (!held) return Fail(held.error());
    taken.push_back({.id = row.Int(0),
                     .attempt = static_cast<int>(row.Int(1)) + 1,
                     .earlier_attempts = static_cast<int>(row.Int(2)),
                     .hold = static_cast<std::uint64_t>(claim.hold),
                     .message = MessageFrom(row, 3)});
  }
  return taken;
}

// Reads the payloads beside the writer: megabytes must not hold up other people's commits.
Result<std::vector<Delivery>> LoadPayloads(store::Reader& reader, std::vector<Delivery> taken) {
  for (Delivery& delivery : taken) {
    auto rows =
        reader.Query("SELECT payload FROM queue_payloads WHERE message_id = ?", {delivery.id});
    if (!rows) return Fail(rows.error());
    if (rows->empty()) {
      delivery.id = 0;  // Its function was forgotten in between.
    } else {
      delivery.message.payload = rows->at(0).Bytes(0);
    }
  }
  std::erase_if(taken, [](const Delivery& d) { return d.id == 0; });
  return taken;
}

}  // namespace

Task<Result<std::vector<Delivery>>> Queue::Take(int limit) {
  using Deliveries = std::vector<Delivery>;
  const std::shared_ptr<State> state = state_;
  const Claim claim{
      .now_ms = state->NowMillis(),
      .until_ms = state->MillisAfter(state->config.hold),
      .hold = static_cast<std::int64_t>(state->random.Uint64() >> 1 | 1),  // Positive, not 0.
      .limit = limit};
  auto taken = co_await state->database.Writing<Deliveries>(
      [claim](store::Transaction& tx) { return ClaimDue(tx, claim); });
  if (!taken) co_return Fail(taken.error().With("take messages"));
  if (taken->empty()) co_return taken;
  // If this fails, or the caller is cancelled here, the holds run out and the messages come back.
  auto loaded = co_await state->database.Reading<Deliveries>(
      [taken = std::move(*taken)](store::Reader& reader) mutable {
        return LoadPayloads(reader, std::move(taken));
      });
  if (!loaded) co_return Fail(loaded.error().With("read the payloads of messages"));
  co_return loaded;
}

Task<Result<void>> Queue::ReleaseHolds() {
  const std::shared_ptr<State> state = state_;
  const std::int64_t now = state->NowMillis();
  auto released = co_await state->database.Write([now](store::Transaction& tx) -> Result<void> {
    auto done = tx.Execute(
        "UPDATE queue_messages SET hold = 0, due_ms = ?, attempts = attempts - 1 WHERE hold <> 0",
        {now});
    if (!done) return Fail(done.error().With("release holds"));
    return {};
  });
  if (released) state->Notify();
  co_return released;
}

Task<Result<void>> Queue::Extend(const Delivery& delivery) {
  const std::shared_ptr<State> state = state_;
  const std::int64_t until = state->MillisAfter(state->config.hold);
  const std::int64_t id = delivery.id;
  const std::int64_t hold = TokenOf(delivery);
  co_return co_await state->database.Write([=](store::Transaction& tx) {
    return OnHeld(tx.Execute("UPDATE queue_messages SET due_ms = ? WHERE id = ? AND hold = ?",
                             {until, id, hold}));
  });
}

Task<Result<void>> Queue::Return(const Delivery& delivery, Duration wait) {
  const std::shared_ptr<State> state = state_;
  const std::int64_t due = state->MillisAfter(wait);
  const std::int64_t id = delivery.id;
  const std::int64_t hold = TokenOf(delivery);
  auto returned = co_await state->database.Write([=](store::Transaction& tx) {
    return OnHeld(
        tx.Execute("UPDATE queue_messages SET due_ms = ?, hold = 0, attempts = attempts - 1"
                   " WHERE id = ? AND hold = ?",
                   {due, id, hold}));
  });
  // Whoever waits thinks that it is due at the end of its hold.
  if (returned) state->Notify();
  co_return returned;
}

Result<void> Queue::FinishIn(store::Transaction& tx, const Delivery& delivery) {
  auto gone = OnHeld(tx.Execute("DELETE FROM queue_messages WHERE id = ? AND hold = ?",
                                {delivery.id, TokenOf(delivery)}));
  if (!gone) return Fail(gone.error().With("finish a message"));
  auto freed = tx.Execute("DELETE FROM queue_payloads WHERE message_id = ?", {delivery.id});
  if (!freed) return Fail(freed.error().With("finish a message"));
  return {};
}

Result<void> Queue::RetryIn(store::Transaction& tx, const Delivery& delivery, Duration wait) {
  auto done =
      OnHeld(tx.Execute("UPDATE queue_messages SET due_ms = ?, hold = 0 WHERE id = ? AND hold = ?",
                        {state_->MillisAfter(wait), delivery.id, TokenOf(delivery)}));
  if (!done) return Fail(done.error().With("retry a message"));
  return {};
}

Result<void> Queue::BuryIn(store::Transaction& tx, const Delivery& delivery,
                           const std::string& reason) {
  static const std::string move =
      std::string("INSERT INTO queue_dead (") + kMessageColumns +
      ", message_id, attempts, reason, died_ms) SELECT " + kMessageColumns +
      ", id, attempts, ?, ? FROM queue_messages WHERE id = ? AND hold = ?";
  auto moved =
      OnHeld(tx.Execute(move, {reason, state_->NowMillis(), delivery.id, TokenOf(delivery)}));
  if (!moved) return Fail(moved.error().With("bury a message"));
  auto gone = tx.Execute("DELETE FROM queue_messages WHERE id = ?", {delivery.id});
  if (!gone) return Fail(gone.error().With("bury a message"));
  return {};
}

}  // namespace ebb::queue
