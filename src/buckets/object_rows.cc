#include "buckets/object_rows.h"

#include "base/json.h"

namespace ebb::buckets::rows {
namespace {

json::object ToJson(const std::map<std::string, std::string>& values) {
  json::object out;
  for (const auto& [name, value] : values) out[name] = value;
  return out;
}

Result<std::map<std::string, std::string>> FromJson(const json::object& from,
                                                    std::string_view member) {
  std::map<std::string, std::string> out;
  const auto object = json::Object(from, member);
  if (!object) return Fail(object.error());
  if (*object == nullptr) return out;
  for (const auto& [name, value] : **object) {
    if (value.is_string()) out[std::string(name)] = std::string(value.as_string());
  }
  return out;
}

}  // namespace

Result<std::optional<Bucket>> FindBucket(store::Reader& reader, const BucketName& name) {
  auto found = reader.Query("SELECT created_ms FROM buckets WHERE account = ? AND name = ?",
                            {name.account, name.bucket});
  if (!found) return Fail(found.error());
  if (found->empty()) return std::optional<Bucket>();
  return Bucket{.name = name.bucket, .created = FromUnixMillis(found->front().Int(0))};
}

Result<Bucket> NeedBucket(store::Reader& reader, const BucketName& name) {
  auto found = FindBucket(reader, name);
  if (!found) return Fail(found.error());
  if (!*found) {
    return Fail(Error::NotFound("The specified bucket does not exist").WithCode("NoSuchBucket"));
  }
  return **found;
}

Result<std::optional<ObjectRow>> FindObject(store::Reader& reader, const ObjectName& name) {
  auto found = reader.Query(
      "SELECT content, bytes, etag, modified_ms, parts, attributes, checksum FROM objects "
      "WHERE account = ? AND bucket = ? AND key = ?",
      {name.account, name.bucket, name.key});
  if (!found) return Fail(found.error());
  if (found->empty()) return std::optional<ObjectRow>();
  const store::Row& row = found->front();
  auto attributes = ParseAttributes(row.Text(5));
  if (!attributes) return Fail(attributes.error());
  return ObjectRow{.object = {.key = name.key,
                              .bytes = static_cast<std::uint64_t>(row.Int(1)),
                              .etag = row.Text(2),
                              .modified = FromUnixMillis(row.Int(3)),
                              .parts = static_cast<int>(row.Int(4)),
                              .attributes = std::move(*attributes),
                              .checksum = ParseChecksum(row.Text(6))},
                   .content = row.Text(0)};
}

Result<ObjectRow> NeedObject(store::Reader& reader, const ObjectName& name) {
  if (auto bucket = NeedBucket(reader, name.in()); !bucket) return Fail(bucket.error());
  auto found = FindObject(reader, name);
  if (!found) return Fail(found.error());
  if (!*found) {
    return Fail(Error::NotFound("The specified key does not exist.").WithCode("NoSuchKey"));
  }
  return std::move(**found);
}

Result<void> SaveObject(store::Transaction& tx, const ObjectName& name, const ObjectRow& row) {
  const Object& object = row.object;
  const auto saved = tx.Execute(
      "INSERT INTO objects (account, bucket, key, content, bytes, etag, modified_ms, parts, "
      "attributes, checksum) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
      "ON CONFLICT (account, bucket, key) DO UPDATE SET content = excluded.content, "
      "bytes = excluded.bytes, etag = excluded.etag, modified_ms = excluded.modified_ms, "
      "parts = excluded.parts, attributes = excluded.attributes, checksum = excluded.checksum",
      {name.account, name.bucket, name.key, row.content, static_cast<std::int64_t>(object.bytes),
       object.etag, ToUnixMillis(object.modified), std::int64_t{object.parts},
       FormatAttributes(object.attributes), FormatChecksum(object.checksum)});
  if (!saved) return Fail(saved.error());
  return {};
}

Result<void> RemoveObject(store::Transaction& tx, const ObjectName& name) {
  const auto removed =
      tx.Execute("DELETE FROM objects WHERE account = ? AND bucket = ? AND key = ?",
                 {name.account, name.bucket, name.key});
  if (!removed) return Fail(removed.error());
  return {};
}

Result<std::vector<File>> FilesOf(store::Reader& reader, const std::string& content) {
  auto found = reader.Query(
      "SELECT file, bytes FROM object_files WHERE content = ? ORDER BY number", {content});
  if (!found) return Fail(found.error());
  std::vector<File> files;
  files.reserve(found->size());
  for (const store::Row& row : *found) {
    files.push_back({.name = row.Text(0), .bytes = static_cast<std::uint64_t>(row.Int(1))});
  }
  return files;
}

Result<void> AddFile(store::Transaction& tx, const std::string& content, int number,
                     const File& file) {
  const auto added =
      tx.Execute("INSERT INTO object_files (file, content, number, bytes) VALUES (?, ?, ?, ?)",
                 {file.name, content, std::int64_t{number}, static_cast<std::int64_t>(file.bytes)});
  if (!added) return Fail(added.error());
  return {};
}

Result<std::vector<std::string>> RemoveContent(store::Transaction& tx, const std::string& content) {
  const auto files = FilesOf(tx, content);
  if (!files) return Fail(files.error());
  const auto removed = tx.Execute("DELETE FROM object_files WHERE content = ?", {content});
  if (!removed) return Fail(removed.error());
  std::vector<std::string> names;
  for (const File& file : *files) names.push_back(file.name);
  return names;
}

std::string FormatAttributes(const Attributes& attributes) {
  return json::serialize(
      json::object{{"headers", ToJson(attributes.headers)}, {"user", ToJson(attributes.user)}});
}

Result<Attributes> ParseAttributes(const std::string& text) {
  const auto parsed = json::ParseObject(text);
  if (!parsed) return Fail(parsed.error());
  auto headers = FromJson(*parsed, "headers");
  if (!headers) return Fail(headers.error());
  auto user = FromJson(*parsed, "user");
  if (!user) return Fail(user.error());
  return Attributes{.headers = std::move(*headers), .user = std::move(*user)};
}

std::string FormatChecksum(const std::optional<Checksum>& checksum) {
  return checksum ? std::string(ToString(checksum->kind)) + " " + checksum->value : "";
}

std::optional<Checksum> ParseChecksum(const std::string& text) {
  const auto space = text.find(' ');
  if (space == std::string::npos) return std::nullopt;
  const auto kind = ParseChecksumKind(std::string_view(text).substr(0, space));
  if (!kind) return std::nullopt;
  return Checksum{.kind = *kind, .value = text.substr(space + 1)};
}

}  // namespace ebb::buckets::rows
