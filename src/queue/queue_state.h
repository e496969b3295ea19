// queue/queue_state.h
// What the parts of Queue share, and how messages lie in the tables.  For queue/ only.
#pragma once

#include <atomic>
#include <string>
#include <vector>

#include "queue/queue.h"

namespace ebb::queue {

// The first millisecond that is not before `wait` from `from`; without a wait the one that `from`
// is in, so that nothing due now has to wait for the next.
std::int64_t DueMillis(WallTime from, Duration wait);

struct Queue::State {
  State(store::Database& d, const Clock& c, Random& r, asio::io_context& io, Config conf)
      : database(d), clock(c), random(r), config(conf), wake(io) {}

  std::int64_t NowMillis() const { return ToUnixMillis(clock.WallNow()); }
  std::int64_t MillisAfter(Duration wait) const { return DueMillis(clock.WallNow(), wait); }

  Result<Enqueued> EnqueueIn(store::Transaction& tx, const model::Message& message);
  void Notify();

  store::Database& database;
  const Clock& clock;
  Random& random;
  const Config config;

  net::Signal wake;
  std::uint64_t notified = 0;            // Counts NotifyEnqueued: a wait can see one it missed.
  std::atomic<std::uint64_t> keyed = 0;  // Keys remembered so far; on the writer's thread.
};

// The columns of a message that queue_messages and queue_dead have alike, in the order that
// MessageFrom and ValuesOf use.
inline constexpr const char* kMessageColumns =
    "request_id, account, function, qualifier, trigger_name, dedupe_key, enqueued_ms, delay_ms,"
    " max_retries, max_age_s, payload_bytes";
inline constexpr std::size_t kMessageColumnCount = 11;

std::vector<store::Value> ValuesOf(const model::Message& message);
// From the columns that begin at `first`.  Without payload.
model::Message MessageFrom(const store::Row& row, std::size_t first);
std::int64_t PayloadBytesFrom(const store::Row& row, std::size_t first);

}  // namespace ebb::queue
