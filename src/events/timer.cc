#include "events/timer.h"

#include <algorithm>
#include <vector>

#include "base/json.h"
#include "base/log.h"
#include "base/time_format.h"
#include "model/cron.h"

namespace ebb::events {
namespace {

// The wall clock may be set while we wait on the monotonic one; so long at most goes unnoticed.
constexpr Duration kLongestWait = std::chrono::minutes(1);
constexpr Duration kRetryStoreAfter = std::chrono::seconds(1);

// nullopt for one that does not tick.
std::optional<model::TimerTrigger> EnabledTimer(const model::Trigger& trigger) {
  const auto* timer = std::get_if<model::TimerTrigger>(&trigger.source);
  if (timer == nullptr || !timer->enabled) return std::nullopt;
  return *timer;
}

std::optional<WallTime> NextAfter(const model::Trigger& trigger, WallTime after) {
  auto schedule = model::ParseCron(std::get<model::TimerTrigger>(trigger.source).cron);
  if (schedule) return schedule->NextAfter(after);
  // The catalog takes none that does not parse.
  log::Error("timer trigger with a bad schedule",
             {{"trigger", trigger.name}, {"error", schedule.error()}});
  return std::nullopt;
}

store::Value Stored(const std::optional<WallTime>& time) {
  if (!time) return std::monostate();
  return ToUnixMillis(*time);
}

}  // namespace

store::Migration Tables() {
  return {.module = "events",
          .version = 1,
          .statements = {"CREATE TABLE timer ("
                         " trigger_id TEXT PRIMARY KEY,"
                         " modified_ms INTEGER NOT NULL,"
                         " next_ms INTEGER)"}};
}

TimerSource::TimerSource(asio::io_context& io, store::Database& database, catalog::Catalog& catalog,
                         queue::Queue& queue, const Clock& clock, Random& random)
    : database_(database),
      catalog_(catalog),
      queue_(queue),
      clock_(clock),
      random_(random),
      change_(std::make_shared<Change>(io)),
      tasks_(io) {
  catalog_.OnChange([weak = std::weak_ptr<Change>(change_)] {
    const auto change = weak.lock();
    if (!change) return;
    change->pending = true;
    change->signal.NotifyAll();
  });
}

void TimerSource::Start() { tasks_.Spawn("timer triggers", Run()); }

Task<void> TimerSource::Stop() { co_await tasks_.Stop(); }

Task<void> TimerSource::Run() {
  while (true) {
    change_->pending = false;
    auto next = co_await TickDue();
    if (change_->pending) continue;
    Deadline wake;
    if (!next) {
      log::Warn("timer triggers cannot tick", {{"error", next.error()}});
      wake = Deadline(clock_.Now() + kRetryStoreAfter);
    } else if (*next) {
      wake = Deadline(clock_.Now() + std::min<Duration>(**next - clock_.WallNow(), kLongestWait));
    }
    co_await change_->signal.Wait(wake);
  }
}

Task<Result<std::optional<WallTime>>> TimerSource::TickDue() {
  if (auto loaded = co_await LoadOnce(); !loaded) co_return Fail(loaded.error());
  const auto snapshot = catalog_.snapshot();
  std::optional<WallTime> earliest;
  std::set<std::string> living;
  for (const auto& [name, trigger] : snapshot->triggers) {
    if (!EnabledTimer(*trigger)) continue;
    living.insert(trigger->id);
    const Timer before = TimerOf(*trigger);
    if (before.next && *before.next <= clock_.WallNow()) {
      auto ticked = co_await Tick(trigger, *before.next);
      if (!ticked) co_return Fail(ticked.error());
    }
    const std::optional<WallTime> next = timers_[trigger->id].next;
    if (next && (!earliest || *next < *earliest)) earliest = next;
  }
  if (auto done = co_await ForgetAllBut(std::move(living)); !done) co_return Fail(done.error());
  co_return earliest;
}

Task<Result<void>> TimerSource::LoadOnce() {
  if (loaded_) co_return Result<void>();
  auto rows = co_await database_.Reading<std::vector<store::Row>>([](store::Reader& reader) {
    return reader.Query("SELECT trigger_id, modified_ms, next_ms FROM timer");
  });
  if (!rows) co_return Fail(rows.error());
  for (const store::Row& row : *rows) {
    Timer& timer = timers_[row.Text(0)];
    timer.modified_ms = row.Int(1);
    if (!row.IsNull(2)) timer.next = FromUnixMillis(row.Int(2));
  }
  loaded_ = true;
  co_return Result<void>();
}

TimerSource::Timer& TimerSource::TimerOf(const model::Trigger& trigger) {
  const std::int64_t modified_ms = ToUnixMillis(trigger.modified);
  Timer& timer = timers_[trigger.id];
  if (timer.modified_ms != modified_ms) {
    // Rounded as the catalog stores it, so that it is the same after the next start.
    timer = {modified_ms, NextAfter(trigger, FromUnixMillis(modified_ms))};
  }
  return timer;
}

Task<Result<void>> TimerSource::Tick(std::shared_ptr<const model::Trigger> trigger, WallTime due) {
  const WallTime now = clock_.WallNow();
  std::optional<WallTime> next = NextAfter(*trigger, due);
  if (next && *next <= now) next = NextAfter(*trigger, now);  // Missed ones do not pile up.

  model::Message message;
  message.request_id = MakeRequestId(clock_, random_);
  message.account = trigger->account;
  message.function = trigger->function;
  message.qualifier = trigger->qualifier;
  message.trigger = trigger->name;
  message.key = "timer/" + trigger->id + "/" + base::FormatIsoMillis(due);
  message.payload = json::serialize(
      json::object{{"triggerTime", base::FormatIso(due)},
                   {"triggerName", trigger->name},
                   {"payload", std::get<model::TimerTrigger>(trigger->source).payload}});
  message.enqueued = now;
  const std::int64_t modified_ms = ToUnixMillis(trigger->modified);
  auto written = co_await database_.Write([&](store::Transaction& tx) -> Result<void> {
    if (auto in = queue_.EnqueueIn(tx, message); !in) return Fail(in.error());
    auto kept = tx.Execute(
        "INSERT INTO timer (trigger_id, modified_ms, next_ms) VALUES (?, ?, ?)"
        " ON CONFLICT (trigger_id) DO UPDATE SET"
        " modified_ms = excluded.modified_ms, next_ms = excluded.next_ms",
        {trigger->id, modified_ms, Stored(next)});
    if (!kept) return Fail(kept.error());
    return {};
  });
  if (!written) co_return written;
  queue_.NotifyEnqueued();
  timers_[trigger->id] = {modified_ms, next};
  co_return written;
}

// Rows of triggers that were deleted or disabled: enabling one again starts it anew.
Task<Result<void>> TimerSource::ForgetAllBut(std::set<std::string> living) {
  std::vector<std::string> gone;
  for (const auto& [id, timer] : timers_) {
    if (!living.contains(id)) gone.push_back(id);
  }
  if (gone.empty()) co_return Result<void>();
  auto forgotten = co_await database_.Write([&](store::Transaction& tx) -> Result<void> {
    for (const std::string& id : gone) {
      if (auto done = tx.Execute("DELETE FROM timer WHERE trigger_id = ?", {id}); !done) {
        return Fail(done.error());
      }
    }
    return {};
  });
  if (!forgotten) co_return forgotten;
  for (const std::string& id : gone) timers_.erase(id);
  co_return forgotten;
}

}  // namespace ebb::events
