// events/timer.h
// Timer triggers: puts a tick into the queue whenever one is due.
//
// A tick and the trigger's next due time are ONE commit, and the tick's key is trigger and
// scheduled time: a crash can neither lose a tick nor make two.  What was due while the server was
// down becomes one tick, not one for each time missed.  A trigger that never ticked is due first
// after its last modification, which is durable with the trigger itself.
// Lives on one io_context.  Borrows everything.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/error.h"
#include "base/random.h"
#include "catalog/catalog.h"
#include "net/task_group.h"
#include "net/timing.h"
#include "queue/queue.h"
#include "store/database.h"

namespace ebb::events {

store::Migration Tables();

class TimerSource {
 public:
  TimerSource(asio::io_context& io, store::Database& database, catalog::Catalog& catalog,
              queue::Queue& queue, const Clock& clock, Random& random);

  void Start();  // Once.
  Task<void> Stop();

  // Enqueues every tick that is due now.  Returns when the next one is due; nullopt for never.
  // Start calls this whenever a due time comes or the catalog changes.
  Task<Result<std::optional<WallTime>>> TickDue();

 private:
  Task<void> Run();
  Task<Result<void>> LoadOnce();
  Task<Result<void>> Tick(model::Trigger trigger, WallTime due, std::optional<WallTime> next);

  store::Database& database_;
  catalog::Catalog& catalog_;
  queue::Queue& queue_;
  const Clock& clock_;
  Random& random_;
  // What the table holds: by trigger id, the modification that it counts from and the next due
  // time (milliseconds).
  struct Kept {
    std::int64_t modified = 0;
    std::int64_t next = 0;
  };
  std::map<std::string, Kept> kept_;
  bool loaded_ = false;
  net::Signal changed_;
  net::TaskGroup tasks_;
};

}  // namespace ebb::events
