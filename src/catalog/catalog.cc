#include "catalog/catalog.h"

#include "base/log.h"
#include "catalog/catalog_state.h"

namespace ebb::catalog {

Result<void> Catalog::State::Reload() {
  std::int64_t loaded_version = 0;
  auto next = std::make_shared<Snapshot>();
  auto read = database.ReadBlocking([&](store::Reader& reader) -> Result<void> {
    const auto seen = LoadVersion(reader);
    if (!seen) return Fail(seen.error());
    auto snapshot = LoadSnapshot(reader);
    if (!snapshot) return Fail(snapshot.error());
    loaded_version = *seen;
    *next = *std::move(snapshot);
    return {};
  });
  if (!read) return read;
  version = loaded_version;
  current.With([&](auto& snapshot) { snapshot = std::move(next); });
  return {};
}

void Catalog::State::Publish(std::int64_t committed, const std::function<void(Snapshot&)>& apply) {
  if (committed == version + 1) {
    auto next = std::make_shared<Snapshot>(*Get());
    apply(*next);
    version = committed;
    current.With([&](auto& snapshot) { snapshot = std::move(next); });
  } else if (committed > version) {
    // Changes reach this line in another order than they were committed in, or one was never shown.
    // The database knows.  It blocks for the length of one read; that is rare enough.
    if (auto reloaded = Reload(); !reloaded) {
      // The next change comes here again, and then shows this one too.
      log::Error("the catalog's snapshot is behind the database", {{"error", reloaded.error()}});
    }
  }
  // Else a reload has shown it already.
  const auto to_call = listeners;  // A listener may add another.
  for (const auto& listener : to_call) listener();
}

Catalog::Catalog(std::unique_ptr<State> state) : state_(std::move(state)) {}
Catalog::~Catalog() = default;

Result<std::unique_ptr<Catalog>> Catalog::Load(store::Database& database, const Clock& clock,
                                               Random& random) {
  auto state = std::make_unique<State>(database, clock, random);
  if (auto loaded = state->Reload(); !loaded) {
    return Fail(loaded.error().With("load the catalog"));
  }
  return std::unique_ptr<Catalog>(new Catalog(std::move(state)));
}

std::shared_ptr<const Snapshot> Catalog::snapshot() const { return state_->Get(); }

void Catalog::OnChange(std::function<void()> listener) {
  state_->listeners.push_back(std::move(listener));
}

}  // namespace ebb::catalog
