#include "catalog/rows.h"

#include "catalog/catalog.h"
#include "catalog/layer_rows.h"

namespace ebb::catalog {
namespace {

constexpr const char* kFunctionColumns =
    "account, name, id, revision, created_ms, modified_ms, config";
constexpr const char* kTriggerColumns =
    "account, function, name, id, qualifier, description, source_arn, invocation_role, config, "
    "source, created_ms, modified_ms";

std::string Select(const char* columns, const char* rest) {
  return std::string("SELECT ") + columns + " " + rest;
}

Result<model::Function> ToFunction(const store::Row& row) {
  auto config = ParseConfig(row.Text(1), row.Text(6));
  if (!config) return Fail(config.error().With("function " + row.Text(1)));
  return model::Function{.account = row.Text(0),
                         .id = row.Text(2),
                         .revision = static_cast<std::uint64_t>(row.Int(3)),
                         .created = FromUnixMillis(row.Int(4)),
                         .modified = FromUnixMillis(row.Int(5)),
                         .config = *std::move(config)};
}

Result<model::Trigger> ToTrigger(const store::Row& row) {
  auto source = ParseSource(row.Text(9));
  if (!source) return Fail(source.error().With("trigger " + row.Text(2)));
  return model::Trigger{.account = row.Text(0),
                        .function = row.Text(1),
                        .name = row.Text(2),
                        .id = row.Text(3),
                        .qualifier = row.Text(4),
                        .description = row.Text(5),
                        .source_arn = row.Text(6),
                        .invocation_role = row.Text(7),
                        .config_json = row.Text(8),
                        .source = *std::move(source),
                        .created = FromUnixMillis(row.Int(10)),
                        .modified = FromUnixMillis(row.Int(11))};
}

Result<void> LoadAccounts(store::Reader& reader, Snapshot& into) {
  const auto accounts = reader.Query("SELECT id, created_ms FROM catalog_accounts");
  if (!accounts) return Fail(accounts.error());
  for (const auto& row : *accounts) {
    into.accounts[row.Text(0)] = {row.Text(0), FromUnixMillis(row.Int(1))};
  }
  const auto keys = reader.Query("SELECT id, secret, account, created_ms FROM catalog_keys");
  if (!keys) return Fail(keys.error());
  for (const auto& row : *keys) {
    into.keys[row.Text(0)] = {row.Text(0), row.Text(1), row.Text(2), FromUnixMillis(row.Int(3))};
  }
  return {};
}

}  // namespace

store::Migration Tables() {
  return {.module = "catalog",
          .version = 1,
          .statements = {
              "CREATE TABLE catalog_version (id BIGINT PRIMARY KEY, version BIGINT NOT NULL)",
              "INSERT INTO catalog_version (id, version) VALUES (1, 0)",
              "CREATE TABLE catalog_accounts (id TEXT PRIMARY KEY, created_ms BIGINT NOT NULL)",
              "CREATE TABLE catalog_keys (id TEXT PRIMARY KEY, secret TEXT NOT NULL,"
              " account TEXT NOT NULL, created_ms BIGINT NOT NULL)",
              "CREATE TABLE catalog_functions (account TEXT NOT NULL, name TEXT NOT NULL,"
              " id TEXT NOT NULL UNIQUE, revision BIGINT NOT NULL, created_ms BIGINT NOT NULL,"
              " modified_ms BIGINT NOT NULL, config TEXT NOT NULL, PRIMARY KEY (account, name))",
              "CREATE TABLE catalog_triggers (account TEXT NOT NULL, function TEXT NOT NULL,"
              " name TEXT NOT NULL, id TEXT NOT NULL UNIQUE, qualifier TEXT NOT NULL,"
              " description TEXT NOT NULL, source_arn TEXT NOT NULL,"
              " invocation_role TEXT NOT NULL, config TEXT NOT NULL, source TEXT NOT NULL,"
              " created_ms BIGINT NOT NULL, modified_ms BIGINT NOT NULL,"
              " PRIMARY KEY (account, function, name))",
              "CREATE TABLE catalog_secrets (name TEXT PRIMARY KEY, secret_hex TEXT NOT NULL)",
          }};
}

Result<model::Function> LoadFunction(store::Reader& reader, const FunctionName& name) {
  const auto rows = reader.Query(
      Select(kFunctionColumns, "FROM catalog_functions WHERE account = ? AND name = ?"),
      {name.first, name.second});
  if (!rows) return Fail(rows.error());
  if (rows->empty()) return Fail(FunctionNotFound(name.second));
  return ToFunction(rows->front());
}

Result<model::Trigger> LoadTrigger(store::Reader& reader, const TriggerName& name) {
  const auto& [account, function, trigger] = name;
  const auto rows =
      reader.Query(Select(kTriggerColumns,
                          "FROM catalog_triggers WHERE account = ? AND function = ? AND name = ?"),
                   {account, function, trigger});
  if (!rows) return Fail(rows.error());
  if (rows->empty()) return Fail(TriggerNotFound(trigger));
  return ToTrigger(rows->front());
}

Result<std::vector<model::Trigger>> LoadTriggers(store::Reader& reader,
                                                 const std::string& account) {
  const auto rows =
      reader.Query(Select(kTriggerColumns, "FROM catalog_triggers WHERE account = ?"), {account});
  if (!rows) return Fail(rows.error());
  std::vector<model::Trigger> triggers;
  for (const auto& row : *rows) {
    auto trigger = ToTrigger(row);
    if (!trigger) return Fail(trigger.error());
    triggers.push_back(*std::move(trigger));
  }
  return triggers;
}

Result<void> InsertFunction(store::Transaction& tx, const model::Function& function) {
  const auto done = tx.Execute(
      "INSERT INTO catalog_functions (account, name, id, revision, created_ms, modified_ms, config)"
      " VALUES (?, ?, ?, ?, ?, ?, ?)",
      {function.account, function.config.name, function.id,
       static_cast<std::int64_t>(function.revision), ToUnixMillis(function.created),
       ToUnixMillis(function.modified), FormatConfig(function.config)});
  if (!done) return Fail(done.error());
  return {};
}

Result<void> UpdateFunctionRow(store::Transaction& tx, const model::Function& function) {
  const auto done = tx.Execute(
      "UPDATE catalog_functions SET revision = ?, modified_ms = ?, config = ?"
      " WHERE account = ? AND name = ?",
      {static_cast<std::int64_t>(function.revision), ToUnixMillis(function.modified),
       FormatConfig(function.config), function.account, function.config.name});
  if (!done) return Fail(done.error());
  return {};
}

Result<void> InsertTrigger(store::Transaction& tx, const model::Trigger& trigger) {
  const auto done = tx.Execute(
      "INSERT INTO catalog_triggers (account, function, name, id, qualifier, description,"
      " source_arn, invocation_role, config, source, created_ms, modified_ms)"
      " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      {trigger.account, trigger.function, trigger.name, trigger.id, trigger.qualifier,
       trigger.description, trigger.source_arn, trigger.invocation_role, trigger.config_json,
       FormatSource(trigger.source), ToUnixMillis(trigger.created),
       ToUnixMillis(trigger.modified)});
  if (!done) return Fail(done.error());
  return {};
}

Result<void> UpdateTriggerRow(store::Transaction& tx, const model::Trigger& trigger) {
  const auto done = tx.Execute(
      "UPDATE catalog_triggers SET qualifier = ?, description = ?, source_arn = ?,"
      " invocation_role = ?, config = ?, source = ?, modified_ms = ?"
      " WHERE account = ? AND function = ? AND name = ?",
      {trigger.qualifier, trigger.description, trigger.source_arn, trigger.invocation_role,
       trigger.config_json, FormatSource(trigger.source), ToUnixMillis(trigger.modified),
       trigger.account, trigger.function, trigger.name});
  if (!done) return Fail(done.error());
  return {};
}

Result<std::int64_t> LoadVersion(store::Reader& reader) {
  const auto rows = reader.Query("SELECT version FROM catalog_version WHERE id = 1");
  if (!rows) return Fail(rows.error());
  return rows->at(0).Int(0);
}

Result<std::int64_t> RaiseVersion(store::Transaction& tx) {
  const auto done = tx.Execute("UPDATE catalog_version SET version = version + 1 WHERE id = 1");
  if (!done) return Fail(done.error());
  return LoadVersion(tx);
}

Result<Snapshot> LoadSnapshot(store::Reader& reader) {
  Snapshot out;
  if (auto loaded = LoadAccounts(reader, out); !loaded) return Fail(loaded.error());
  const auto functions = reader.Query(Select(kFunctionColumns, "FROM catalog_functions"));
  if (!functions) return Fail(functions.error());
  for (const auto& row : *functions) {
    auto function = ToFunction(row);
    if (!function) return Fail(function.error());
    out.Put(std::make_shared<const model::Function>(*std::move(function)));
  }
  const auto triggers = reader.Query(Select(kTriggerColumns, "FROM catalog_triggers"));
  if (!triggers) return Fail(triggers.error());
  for (const auto& row : *triggers) {
    auto trigger = ToTrigger(row);
    if (!trigger) return Fail(trigger.error());
    out.Put(std::make_shared<const model::Trigger>(*std::move(trigger)));
  }
  auto layers = LoadLayers(reader);
  if (!layers) return Fail(layers.error());
  for (auto& layer : *layers) {
    LayerName name{layer.account, layer.name};
    out.layers[std::move(name)] = std::make_shared<const model::Layer>(std::move(layer));
  }
  return out;
}

}  // namespace ebb::catalog
