// events/timer.h
// Timer triggers: puts a tick into the queue whenever one is due.
//
// A tick and the trigger's next due time are ONE commit, and the tick's key is trigger and
// scheduled time: a crash can neither lose a tick nor make two.  What was due while the server was
// down becomes one tick, not one for each time missed.  A trigger that never ticked is due first
// after its last modification, which is durable with the trigger itself; modifying a trigger starts
// it anew.  Lives on one io_context.  Borrows everything.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
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
  // What is known of one enabled timer, by trigger id.
  struct Timer {
    std::int64_t modified_ms = 0;  // Of the trigger that `next` was computed from.
    std::optional<WallTime> next;  // nullopt: its schedule has no further time.
  };
  // Kept apart because the catalog's listener may outlive this.
  struct Change {
    explicit Change(asio::io_context& io) : signal(io) {}
    bool pending = false;
    net::Signal signal;
  };

  Task<void> Run();
  Task<Result<void>> LoadOnce();
  Timer& TimerOf(const model::Trigger& trigger);
  Task<Result<void>> Tick(std::shared_ptr<const model::Trigger> trigger, WallTime due);
  Task<Result<void>> ForgetAllBut(std::set<std::string> living);

  store::Database& database_;
  catalog::Catalog& catalog_;
  queue::Queue& queue_;
  const Clock& clock_;
  Random& random_;
  std::map<std::string, Timer> timers_;
  bool loaded_ = false;
  std::shared_ptr<Change> change_;
  net::TaskGroup tasks_;
};

}  // namespace ebb::events
