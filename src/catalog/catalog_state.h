// catalog/catalog_state.h
// What the catalog holds, and the one way in which it changes.  Private to catalog/.
#pragma once

#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "base/guarded.h"
#include "catalog/catalog.h"
#include "catalog/rows.h"

namespace ebb::catalog {

struct Catalog::State {
  State(store::Database& d, const Clock& c, Random& r) : database(d), clock(c), random(r) {}

  // Times are stored in milliseconds; a value must be the same before and after a restart.
  WallTime Now() const { return FromUnixMillis(ToUnixMillis(clock.WallNow())); }

  std::shared_ptr<const Snapshot> Get() const {
    return current.With([](const auto& snapshot) { return snapshot; });
  }

  // Runs `job` in one write, then shows its result in the next snapshot through `apply`.
  template <typename T>
  Task<Result<T>> Change(std::move_only_function<Result<T>(store::Transaction&)> job,
                         std::move_only_function<void(Snapshot&, const T&)> apply);

  // Replaces the snapshot by what the database holds.  Blocks.
  Result<void> Reload();

  // Makes `apply`, committed as `committed`, part of the snapshot.
  void Publish(std::int64_t committed, const std::function<void(Snapshot&)>& apply);

  store::Database& database;
  const Clock& clock;
  Random& random;
  std::int64_t version = 0;  // Of the snapshot.  On the catalog's io_context, as `listeners`.
  std::vector<std::function<void()>> listeners;
  base::Guarded<std::shared_ptr<const Snapshot>> current{std::make_shared<const Snapshot>()};
};

// ---

// No co_await after the write: a cancelled caller's change has happened all the same, and must be
// shown all the same.
template <typename T>
Task<Result<T>> Catalog::State::Change(std::move_only_function<Result<T>(store::Transaction&)> job,
                                       std::move_only_function<void(Snapshot&, const T&)> apply) {
  using Committed = std::pair<T, std::int64_t>;
  auto done = co_await database.Writing<Committed>(
      [job = std::move(job)](store::Transaction& tx) mutable -> Result<Committed> {
        auto value = job(tx);
        if (!value) return Fail(value.error());
        const auto raised = RaiseVersion(tx);
        if (!raised) return Fail(raised.error());
        return Committed(*std::move(value), *raised);
      });
  if (!done) co_return Fail(done.error());
  Publish(done->second, [&](Snapshot& next) { apply(next, done->first); });
  co_return std::move(done->first);
}

}  // namespace ebb::catalog
