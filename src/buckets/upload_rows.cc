#include "buckets/upload_rows.h"

#include <algorithm>

#include "buckets/object_rows.h"

namespace ebb::buckets::rows {
namespace {

Error NoSuchUpload() {
  return Error::NotFound(
             "The specified upload does not exist. The upload ID may be invalid, or the upload may "
             "have been aborted or completed.")
      .WithCode("NoSuchUpload");
}

}  // namespace

Result<UploadRow> NeedUpload(store::Reader& reader, const ObjectName& name,
                             const std::string& upload) {
  if (auto bucket = NeedBucket(reader, name.in()); !bucket) return Fail(bucket.error());
  auto found = reader.Query(
      "SELECT created_ms, attributes, checksum_kind, checksum_scope FROM uploads "
      "WHERE account = ? AND bucket = ? AND key = ? AND id = ?",
      {name.account, name.bucket, name.key, upload});
  if (!found) return Fail(found.error());
  if (found->empty()) return Fail(NoSuchUpload());
  const store::Row& row = found->front();
  auto attributes = ParseAttributes(row.Text(1));
  if (!attributes) return Fail(attributes.error());
  return UploadRow{.upload = {.key = name.key,
                              .id = upload,
                              .created = FromUnixMillis(row.Int(0)),
                              .checksum_kind = ParseChecksumKind(row.Text(2)),
                              .checksum_scope = static_cast<ChecksumScope>(row.Int(3))},
                   .attributes = std::move(*attributes)};
}

Result<std::vector<PartRow>> PartsOf(store::Reader& reader, const std::string& upload, int after,
                                     int limit) {
  auto found = reader.Query(
      "SELECT number, content, bytes, etag, checksum, modified_ms FROM upload_parts "
      "WHERE upload = ? AND number > ? ORDER BY number LIMIT ?",
      {upload, std::int64_t{after}, std::int64_t{limit}});
  if (!found) return Fail(found.error());
  std::vector<PartRow> out;
  for (const store::Row& row : *found) {
    out.push_back({.part = {.number = static_cast<int>(row.Int(0)),
                            .bytes = static_cast<std::uint64_t>(row.Int(2)),
                            .etag = row.Text(3),
                            .modified = FromUnixMillis(row.Int(5)),
                            .checksum = ParseChecksum(row.Text(4))},
                   .content = row.Text(1)});
  }
  return out;
}

Result<void> RemoveUpload(store::Transaction& tx, const ObjectName& name,
                          const std::string& upload) {
  auto parts = tx.Execute("DELETE FROM upload_parts WHERE upload = ?", {upload});
  if (!parts) return Fail(parts.error());
  auto removed =
      tx.Execute("DELETE FROM uploads WHERE account = ? AND bucket = ? AND key = ? AND id = ?",
                 {name.account, name.bucket, name.key, upload});
  if (!removed) return Fail(removed.error());
  return {};
}

Result<void> SaveUpload(store::Transaction& tx, const ObjectName& name, const UploadRow& row) {
  const Upload& upload = row.upload;
  const auto saved = tx.Execute(
      "INSERT INTO uploads (account, bucket, key, id, created_ms, attributes, checksum_kind, "
      "checksum_scope) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
      {name.account, name.bucket, name.key, upload.id, ToUnixMillis(upload.created),
       FormatAttributes(row.attributes),
       upload.checksum_kind ? ToString(*upload.checksum_kind) : "",
       static_cast<std::int64_t>(upload.checksum_scope)});
  if (!saved) return Fail(saved.error());
  return {};
}

Result<void> SavePart(store::Transaction& tx, const std::string& upload, const PartRow& row) {
  const Part& part = row.part;
  const auto saved = tx.Execute(
      "INSERT INTO upload_parts (upload, number, content, bytes, etag, checksum, modified_ms) "
      "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (upload, number) DO UPDATE SET "
      "content = excluded.content, bytes = excluded.bytes, etag = excluded.etag, "
      "checksum = excluded.checksum, modified_ms = excluded.modified_ms",
      {upload, std::int64_t{part.number}, row.content, static_cast<std::int64_t>(part.bytes),
       part.etag, FormatChecksum(part.checksum), ToUnixMillis(part.modified)});
  if (!saved) return Fail(saved.error());
  return {};
}

Result<UploadListing> UploadsOf(store::Reader& reader, const BucketName& bucket,
                                const UploadListOptions& options) {
  if (auto there = NeedBucket(reader, bucket); !there) return Fail(there.error());
  const std::string from = std::max(options.prefix, options.after_key);
  auto found = reader.Query(
      "SELECT key, id, created_ms FROM uploads WHERE account = ? AND bucket = ? AND "
      "key >= ? AND (key > ? OR (key = ? AND id > ?)) ORDER BY key, id LIMIT ?",
      {bucket.account, bucket.bucket, from, options.after_key, options.after_key,
       // Ids are hex: without one, nothing of `after_key` comes after it.
       options.after_id.empty() ? "g" : options.after_id, std::int64_t{options.limit} + 1});
  if (!found) return Fail(found.error());
  UploadListing out;
  for (const store::Row& row : *found) {
    if (!row.Text(0).starts_with(options.prefix)) break;
    if (out.uploads.size() == static_cast<std::size_t>(options.limit)) {
      out.truncated = true;
      break;
    }
    out.uploads.push_back({.key = row.Text(0),
                           .id = row.Text(1),
                           .created = FromUnixMillis(row.Int(2)),
                           .checksum_kind = {},
                           .checksum_scope = {}});
  }
  return out;
}

}  // namespace ebb::buckets::rows
