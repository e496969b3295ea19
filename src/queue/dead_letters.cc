// Messages that used up their tries: looking at them, putting them back.
#include "queue/queue_state.h"

namespace ebb::queue {
namespace {

const std::string& Select() {
  static const std::string sql = std::string("SELECT id, attempts, reason, died_ms, message_id, ") +
                                 kMessageColumns + " FROM queue_dead WHERE account = ?";
  return sql;
}
constexpr std::size_t kMessageId = 4;

DeadLetter LetterFrom(const store::Row& row) {
  return {.id = row.Int(0),
          .message = MessageFrom(row, 5),
          .payload_bytes = PayloadBytesFrom(row, 5),
          .attempts = static_cast<int>(row.Int(1)),
          .reason = row.Text(2),
          .died = FromUnixMillis(row.Int(3))};
}

Result<store::Row> Find(store::Reader& reader, const std::string& account, std::int64_t id) {
  auto rows = reader.Query(Select() + " AND id = ?", {account, id});
  if (!rows) return Fail(rows.error().With("find a dead letter"));
  if (rows->empty()) {
    return Fail(Error::NotFound("there is no dead letter " + std::to_string(id)));
  }
  return rows->at(0);
}

Result<void> Remove(store::Transaction& tx, std::int64_t id) {
  auto gone = tx.Execute("DELETE FROM queue_dead WHERE id = ?", {id});
  if (!gone) return Fail(gone.error().With("remove a dead letter"));
  return {};
}

}  // namespace

Task<Result<std::vector<DeadLetter>>> Queue::ListDead(std::string account,
                                                      std::optional<std::string> function,
                                                      int limit,
                                                      std::optional<std::int64_t> before_id) {
  using Letters = std::vector<DeadLetter>;
  const std::shared_ptr<State> state = state_;
  std::string sql = Select();
  std::vector<store::Value> values = {std::move(account)};
  if (function) {
    sql += " AND function = ?";
    values.emplace_back(std::move(*function));
  }
  if (before_id) {
    sql += " AND id < ?";
    values.emplace_back(*before_id);
  }
  sql += " ORDER BY id DESC LIMIT ?";
  values.emplace_back(static_cast<std::int64_t>(limit));
  co_return co_await state->database.Reading<Letters>(
      [sql = std::move(sql), values = std::move(values)](store::Reader& r) -> Result<Letters> {
        auto rows = r.Query(sql, values);
        if (!rows) return Fail(rows.error().With("list dead letters"));
        Letters letters;
        for (const store::Row& row : *rows) letters.push_back(LetterFrom(row));
        return letters;
      });
}

Task<Result<DeadLetter>> Queue::GetDead(std::string account, std::int64_t id) {
  const std::shared_ptr<State> state = state_;
  co_return co_await state->database.Reading<DeadLetter>(
      [account = std::move(account), id](store::Reader& reader) -> Result<DeadLetter> {
        auto row = Find(reader, account, id);
        if (!row) return Fail(row.error());
        DeadLetter letter = LetterFrom(*row);
        auto payload = reader.Query("SELECT payload FROM queue_payloads WHERE message_id = ?",
                                    {row->Int(kMessageId)});
        if (!payload) return Fail(payload.error().With("read a dead letter's payload"));
        if (!payload->empty()) letter.message.payload = payload->at(0).Bytes(0);
        return letter;
      });
}

Task<Result<void>> Queue::Redrive(std::string account, std::int64_t id) {
  const std::shared_ptr<State> state = state_;
  const std::int64_t now = state->NowMillis();
  auto job = [account = std::move(account), id, now](store::Transaction& tx) -> Result<void> {
    auto row = Find(tx, account, id);
    if (!row) return Fail(row.error());
    static const std::string put_back =
        std::string("INSERT INTO queue_messages (id, ") + kMessageColumns +
        ", due_ms, hold, attempts, earlier_attempts) SELECT message_id, " + kMessageColumns +
        ", ?, 0, attempts, attempts FROM queue_dead WHERE id = ?";
    if (auto put = tx.Execute(put_back, {now, id}); !put) {
      return Fail(put.error().With("redrive"));
    }
    auto renewed =
        tx.Execute("UPDATE queue_messages SET enqueued_ms = ?, delay_ms = 0 WHERE id = ?",
                   {now, row->Int(kMessageId)});
    if (!renewed) return Fail(renewed.error().With("redrive"));
    return Remove(tx, id);
  };
  auto redriven = co_await state->database.Write(std::move(job));
  if (redriven) state->Notify();
  co_return redriven;
}

Task<Result<void>> Queue::DeleteDead(std::string account, std::int64_t id) {
  const std::shared_ptr<State> state = state_;
  co_return co_await state->database.Write(
      [account = std::move(account), id](store::Transaction& tx) -> Result<void> {
        auto row = Find(tx, account, id);
        if (!row) return Fail(row.error());
        auto freed =
            tx.Execute("DELETE FROM queue_payloads WHERE message_id = ?", {row->Int(kMessageId)});
        if (!freed) return Fail(freed.error().With("remove a dead letter"));
        return Remove(tx, id);
      });
}

}  // namespace ebb::queue
