#include "queue/queue_state.h"

namespace ebb::queue {

std::int64_t DueMillis(WallTime from, Duration wait) {
  if (wait <= Duration::zero()) return ToUnixMillis(from);
  return std::chrono::ceil<Millis>(from.time_since_epoch() + wait).count();
}

std::vector<store::Value> ValuesOf(const model::Message& m) {
  return {m.request_id,
          m.account,
          m.function,
          m.qualifier,
          m.trigger,
          m.key,
          ToUnixMillis(m.enqueued),
          std::int64_t{std::chrono::ceil<Millis>(m.delay).count()},
          static_cast<std::int64_t>(m.max_retries),
          static_cast<std::int64_t>(m.max_age.count()),
          static_cast<std::int64_t>(m.payload.size())};
}

model::Message MessageFrom(const store::Row& row, std::size_t first) {
  return {.request_id = row.Text(first),
          .account = row.Text(first + 1),
          .function = row.Text(first + 2),
          .qualifier = row.Text(first + 3),
          .trigger = row.Text(first + 4),
          .key = row.Text(first + 5),
          .payload = {},
          .enqueued = FromUnixMillis(row.Int(first + 6)),
          .delay = Millis(row.Int(first + 7)),
          .max_retries = static_cast<int>(row.Int(first + 8)),
          .max_age = std::chrono::seconds(row.Int(first + 9))};
}

std::int64_t PayloadBytesFrom(const store::Row& row, std::size_t first) {
  return row.Int(first + 10);
}

}  // namespace ebb::queue
