// events/consumer.h
// Drains the queue through the door: takes what is due, runs it, and says how it ended.
//
// What became of the message and what the attempt cost are ONE commit.  Attempts that never reached
// the function (no capacity, platform trouble) go back uncounted, until the message is too old.
// Lives on one io_context.  Borrows everything.
#pragma once

#include <map>

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
};

class Consumer {
 public:
  Consumer(asio::io_context& io, store::Database& database, queue::Queue& queue,
           metering::Ledger& ledger, invoke::Door& door, const Clock& clock, Random& random,
           ConsumerConfig config);

  void Start();  // Once.
  // Takes nothing more, lets what is under way end until `deadline`, then gives the rest back to
  // the queue, due at once.
  Task<void> Stop(Deadline deadline);

  std::size_t under_way() const { return under_way_.size(); }

 private:
  Task<void> TakeAll();
  Task<void> ExtendAll();
  Task<void> RunOne(queue::Delivery delivery);
  Task<void> End(queue::Delivery delivery, invoke::Attempt attempt);
  Task<void> Commit(queue::Delivery delivery, invoke::Attempt attempt);
  Task<void> GiveBack(queue::Delivery delivery, Error why);

  store::Database& database_;
  queue::Queue& queue_;
  metering::Ledger& ledger_;
  invoke::Door& door_;
  const Clock& clock_;
  Random& random_;
  ConsumerConfig config_;
  std::map<std::int64_t, queue::Delivery> under_way_;  // By delivery id.
  net::Signal room_;                                   // One ended.
  net::TaskGroup attempts_;
  net::TaskGroup loops_;
};

}  // namespace ebb::events
