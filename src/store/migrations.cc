#include "store/migrations.h"

#include <map>
#include <string>

#include "base/check.h"

namespace ebb::store {
namespace {

using Versions = std::map<std::string, std::int64_t>;

constexpr const char* kTable =
    "CREATE TABLE IF NOT EXISTS store_migrations ("
    " module TEXT PRIMARY KEY,"
    " version BIGINT NOT NULL)";

Result<Versions> LoadVersions(Connection& connection) {
  auto rows =
      connection.Query("SELECT module, version FROM store_migrations", std::span<const Value>{});
  if (!rows) return Fail(rows.error());
  Versions versions;
  for (const Row& row : *rows) versions[row.Text(0)] = row.Int(1);
  return versions;
}

// Modules that are in the file but not in the list are left alone: a tool opens only what it needs.
Result<void> RefuseNewer(const Versions& have, const std::vector<Migration>& migrations) {
  Versions known;
  for (const Migration& m : migrations) {
    EBB_CHECK(m.version > known[m.module], m.module + "'s migrations are not in ascending order");
    known[m.module] = m.version;
  }
  for (const auto& [module, version] : known) {
    const auto found = have.find(module);
    if (found == have.end() || found->second <= version) continue;
    return Fail(Error::Conflict("the data was written by a newer version of Ebb: \"" + module +
                                "\" has tables of version " + std::to_string(found->second) +
                                ", this program knows " + std::to_string(version)));
  }
  return {};
}

Result<void> Apply(Connection& connection, const Migration& migration) {
  for (const std::string& statement : migration.statements) {
    if (auto done = connection.Control(statement); !done) return done;
  }
  auto kept = connection.Execute(
      "INSERT INTO store_migrations (module, version) VALUES (?, ?)"
      " ON CONFLICT (module) DO UPDATE SET version = excluded.version",
      {migration.module, static_cast<std::int64_t>(migration.version)});
  if (!kept) return Fail(kept.error());
  return {};
}

Result<void> ApplyMissing(Connection& connection, const std::vector<Migration>& migrations) {
  if (auto made = connection.Control(kTable); !made) return made;
  auto have = LoadVersions(connection);
  if (!have) return Fail(have.error());
  if (auto fine = RefuseNewer(*have, migrations); !fine) return fine;
  for (const Migration& m : migrations) {
    if (m.version <= (*have)[m.module]) continue;
    if (auto applied = Apply(connection, m); !applied) {
      return Fail(applied.error().With(m.module + " version " + std::to_string(m.version)));
    }
  }
  return {};
}

}  // namespace

Result<void> Migrate(Connection& connection, const std::vector<Migration>& migrations) {
  if (auto begun = connection.Control("BEGIN IMMEDIATE"); !begun) return begun;
  auto result = ApplyMissing(connection, migrations);
  if (result) result = connection.Control("COMMIT");
  if (!result) connection.Rollback();
  return result;
}

}  // namespace ebb::store
