// events/consumer.h
// Drains the queue through the door: takes what is due, runs it, and says how it ended.
//
// What became of the message and what the attempt cost are ONE commit.  Attempts that never reached
// the function (no capacity, platform trouble) go back uncounted, until the message is too old.
// Lives on one io_context.  Borrows everything.
#pragma once

#include <map>
#include <optional>

#include "base/clock.h"
#include "base/random.h"
#include "invoke/door.h"
#include "metering/ledger.h"
#include "net/task_group.h"
#include "net/timing.h"
#include "queue/queue.h"
#include "store/database.h"

namespace ebb::events {

struct ConsumerConfig {
  // Changes performance.
  int max_parallel = 32;  // Messages under way at once.
  // Must be well below queue::Config::hold, so that a hold never runs out while its work goes on.
  Duration extend_every = std::chrono::seconds(30);
  // The shortest wait of a message that could not be run for want of capacity.
  Duration first_capacity_wait = std::chrono::seconds(1);
  // How long until a failed commit of an attempt's end, or a failed look into the queue, is tried
  // again.
  Duration retry_store_after = std::chrono::seconds(1);
};

class Consumer {
 public:
  Consumer(asio::io_context& io, store::Database& database, queue::Queue& queue,
           metering::Ledger& ledger, invoke::Door& door, const Clock& clock, Random& random,
           ConsumerConfig config);

  // Once.  Nobody else takes from the queue: what an earlier run held is released.
  void Start();
  // Takes nothing more, lets what is under way end until `deadline`, then gives the rest back to
  // the queue, due at once.
  Task<void> Stop(Deadline deadline);

  std::size_t under_way() const { return under_way_.size(); }

 private:
  enum class Fate { kFinish, kRetry, kBury };
  // How an attempt ends, decided before the write that makes it so.
  struct Ending {
    Fate fate = Fate::kFinish;
    Duration wait{};     // kRetry
    std::string reason;  // kBury
    std::optional<model::UsageRecord> usage;
  };
  struct Held;

  Task<void> TakeAll();
  Task<void> ExtendAll();
  Task<void> RunOne(queue::Delivery delivery);
  Task<invoke::Attempt> Try(queue::Delivery delivery);
  Ending EndingOf(const queue::Delivery& delivery, invoke::Attempt attempt);
  Task<bool> Commit(queue::Delivery delivery, Ending ending);
  Result<void> EndIn(store::Transaction& tx, const queue::Delivery& delivery, const Ending& ending);
  Task<bool> GiveBack(queue::Delivery delivery, Error why);
  Duration AgeOf(const model::Message& message) const;

  store::Database& database_;
  queue::Queue& queue_;
  metering::Ledger& ledger_;
  invoke::Door& door_;
  const Clock& clock_;
  Random& random_;
  ConsumerConfig config_;
  bool stopping_ = false;
  std::map<std::int64_t, queue::Delivery> under_way_;  // By delivery id.
  net::Signal ended_;                                  // One of them.
  net::TaskGroup attempts_;
  net::TaskGroup loops_;
};

// How long a message waits that could not be run for want of capacity: half its age, at least
// `shortest`, at most five minutes, up to half of it off by chance (`chance` in [0, 1)).  So the
// waits grow without a counter.
Duration WaitForCapacity(Duration age, Duration shortest, double chance);

}  // namespace ebb::events
