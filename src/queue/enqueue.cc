// Messages in: de-duplication, and the row and payload of a new one.
#include "queue/queue_state.h"

namespace ebb::queue {
namespace {

// Expired keys are removed in batches of twice what came in since: the table shrinks to its window
// however long the server stood still, and no enqueue pays for more than its share.
constexpr std::uint64_t kKeysPerSweep = 64;

Result<void> SweepKeys(store::Transaction& tx, std::int64_t now_ms) {
  auto swept = tx.Execute(
      "DELETE FROM queue_keys WHERE expires_ms <= ?"
      " AND id IN (SELECT id FROM queue_keys ORDER BY id LIMIT ?)",
      {now_ms, static_cast<std::int64_t>(2 * kKeysPerSweep)});
  if (!swept) return Fail(swept.error());
  return {};
}

// False when the key is remembered already.
Result<bool> RememberKey(store::Transaction& tx, const model::Message& message, std::int64_t now_ms,
                         std::int64_t expires_ms) {
  // Removed and inserted again rather than updated: ids must rise with the time of expiry.
  auto expired = tx.Execute(
      "DELETE FROM queue_keys"
      " WHERE account = ? AND function = ? AND dedupe_key = ? AND expires_ms <= ?",
      {message.account, message.function, message.key, now_ms});
  if (!expired) return Fail(expired.error());
  auto added = tx.Execute(
      "INSERT INTO queue_keys (account, function, dedupe_key, expires_ms) VALUES (?, ?, ?, ?)"
      " ON CONFLICT (account, function, dedupe_key) DO NOTHING",
      {message.account, message.function, message.key, expires_ms});
  if (!added) return Fail(added.error());
  return *added == 1;
}

Result<void> Insert(store::Transaction& tx, const model::Message& message) {
  static const std::string sql =
      std::string("INSERT INTO queue_messages (") + kMessageColumns +
      ", due_ms, hold, attempts, earlier_attempts)"
      " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, 0) RETURNING id";
  auto values = ValuesOf(message);
  values.emplace_back(DueMillis(message.enqueued, message.delay));
  auto rows = tx.Query(sql, values);
  if (!rows) return Fail(rows.error());
  auto kept = tx.Execute("INSERT INTO queue_payloads (message_id, payload) VALUES (?, ?)",
                         {rows->at(0).Int(0), store::Blob{message.payload}});
  if (!kept) return Fail(kept.error());
  return {};
}

}  // namespace

Result<Enqueued> Queue::State::EnqueueIn(store::Transaction& tx, const model::Message& message) {
  if (!message.key.empty()) {
    const std::int64_t now = NowMillis();
    auto is_new = RememberKey(tx, message, now, MillisAfter(config.dedupe_window));
    if (!is_new) return Fail(is_new.error().With("remember a message's key"));
    if (!*is_new) return Enqueued::kDuplicate;
    if (++keyed % kKeysPerSweep == 0) {
      if (auto swept = SweepKeys(tx, now); !swept) return Fail(swept.error());
    }
  }
  if (auto inserted = Insert(tx, message); !inserted) {
    return Fail(inserted.error().With("enqueue"));
  }
  return Enqueued::kNew;
}

Result<Enqueued> Queue::EnqueueIn(store::Transaction& tx, const model::Message& message) {
  return state_->EnqueueIn(tx, message);
}

Task<Result<Enqueued>> Queue::Enqueue(model::Message message) {
  const std::shared_ptr<State> state = state_;
  auto job = [state, message = std::move(message)](store::Transaction& tx) {
    return state->EnqueueIn(tx, message);
  };
  auto enqueued = co_await state->database.Writing<Enqueued>(std::move(job));
  if (enqueued == Enqueued::kNew) state->Notify();
  co_return enqueued;
}

}  // namespace ebb::queue
