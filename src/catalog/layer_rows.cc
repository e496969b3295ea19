#include "catalog/layer_rows.h"

#include <boost/json.hpp>

#include "base/json.h"
#include "catalog/catalog.h"
#include "catalog/members.h"

namespace ebb::catalog {
namespace {

std::string FormatVersion(const model::LayerVersion& version) {
  return json::serialize(json::object{
      {"description", version.description},
      {"license", version.license},
      {"compatibleRuntimes",
       json::array(version.compatible_runtimes.begin(), version.compatible_runtimes.end())},
      {"packageHash", version.package_hash},
      // As text: not every reader of JSON keeps 64 bits.
      {"packageCrc64", std::to_string(version.package_crc64)},
      {"packageBytes", version.package_bytes},
  });
}

Result<void> ParseVersion(const std::string& text, model::LayerVersion& version) {
  const auto object = ParseStored(text);
  if (!object) return Fail(object.error());
  std::string crc64 = "0";
  Members members(*object);
  members.Read("description", version.description);
  members.Read("license", version.license);
  members.Read("compatibleRuntimes", version.compatible_runtimes);
  members.Read("packageHash", version.package_hash);
  members.Read("packageCrc64", crc64);
  members.Read("packageBytes", version.package_bytes);
  version.package_crc64 = std::strtoull(crc64.c_str(), nullptr, 10);
  return members.End();
}

// From account, name, shared, version, created_ms, config; a layer's rows side by side.
Result<std::vector<model::Layer>> ToLayers(const std::vector<store::Row>& rows) {
  std::vector<model::Layer> layers;
  for (const auto& row : rows) {
    if (layers.empty() || layers.back().account != row.Text(0) ||
        layers.back().name != row.Text(1)) {
      layers.push_back(
          {row.Text(0),
           row.Text(1),
           row.Int(2) != 0 ? model::LayerAccess::kEveryone : model::LayerAccess::kOwner,
           {}});
    }
    model::LayerVersion version;
    version.account = row.Text(0);
    version.layer = row.Text(1);
    version.version = row.Int(3);
    version.created = FromUnixMillis(row.Int(4));
    if (auto read = ParseVersion(row.Text(5), version); !read) {
      return Fail(read.error().With("layer " + row.Text(1)));
    }
    layers.back().versions[version.version] = std::move(version);
  }
  return layers;
}

constexpr const char* kSelect =
    "SELECT l.account, l.name, l.shared, v.version, v.created_ms, v.config"
    " FROM catalog_layers l JOIN catalog_layer_versions v"
    " ON v.account = l.account AND v.layer = l.name";

}  // namespace

store::Migration LayerTables() {
  return {.module = "catalog_layers",
          .version = 1,
          .statements = {
              // The row stays when the last version goes: for the numbers.
              "CREATE TABLE catalog_layers (account TEXT NOT NULL, name TEXT NOT NULL,"
              " last_version BIGINT NOT NULL, shared BIGINT NOT NULL, PRIMARY KEY (account, name))",
              "CREATE TABLE catalog_layer_versions (account TEXT NOT NULL, layer TEXT NOT NULL,"
              " version BIGINT NOT NULL, created_ms BIGINT NOT NULL, config TEXT NOT NULL,"
              " PRIMARY KEY (account, layer, version))",
          }};
}

Result<model::Layer> LoadLayer(store::Reader& reader, const LayerName& name) {
  const auto rows = reader.Query(std::string(kSelect) + " WHERE l.account = ? AND l.name = ?",
                                 {name.first, name.second});
  if (!rows) return Fail(rows.error());
  auto layers = ToLayers(*rows);
  if (!layers) return Fail(layers.error());
  if (layers->empty()) return Fail(LayerNotFound(name.second));
  return std::move(layers->front());
}

Result<std::vector<model::Layer>> LoadLayers(store::Reader& reader) {
  const auto rows = reader.Query(std::string(kSelect) + " ORDER BY l.account, l.name");
  if (!rows) return Fail(rows.error());
  return ToLayers(*rows);
}

Result<void> InsertLayerVersion(store::Transaction& tx, model::LayerVersion& version) {
  const auto raised = tx.Execute(
      "INSERT INTO catalog_layers (account, name, last_version, shared) VALUES (?, ?, 1, 0)"
      " ON CONFLICT (account, name) DO UPDATE SET last_version = last_version + 1",
      {version.account, version.layer});
  if (!raised) return Fail(raised.error());
  const auto rows =
      tx.Query("SELECT last_version FROM catalog_layers WHERE account = ? AND name = ?",
               {version.account, version.layer});
  if (!rows) return Fail(rows.error());
  version.version = rows->at(0).Int(0);
  const auto done = tx.Execute(
      "INSERT INTO catalog_layer_versions (account, layer, version, created_ms, config)"
      " VALUES (?, ?, ?, ?, ?)",
      {version.account, version.layer, version.version, ToUnixMillis(version.created),
       FormatVersion(version)});
  if (!done) return Fail(done.error());
  return {};
}

Result<void> DeleteLayerVersionRow(store::Transaction& tx, const LayerName& name,
                                   std::int64_t version) {
  const auto deleted = tx.Execute(
      "DELETE FROM catalog_layer_versions WHERE account = ? AND layer = ? AND version = ?",
      {name.first, name.second, version});
  if (!deleted) return Fail(deleted.error());
  if (*deleted == 0) return Fail(LayerVersionNotFound(name.second, version));
  return {};
}

Result<void> UpdateLayerAccess(store::Transaction& tx, const LayerName& name,
                               model::LayerAccess access) {
  const auto done =
      tx.Execute("UPDATE catalog_layers SET shared = ? WHERE account = ? AND name = ?",
                 {access == model::LayerAccess::kEveryone ? 1 : 0, name.first, name.second});
  if (!done) return Fail(done.error());
  return {};
}

}  // namespace ebb::catalog
