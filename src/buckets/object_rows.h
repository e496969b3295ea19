// buckets/object_rows.h
// The tables of buckets, objects, uploads and files, as functions inside somebody's transaction.
//
// An object's row names a "content": the files that hold its bytes, in order.  A content belongs to
// exactly one object or part, and is never changed.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "buckets/object.h"
#include "store/database.h"

namespace ebb::buckets::rows {

struct File {
  std::string name;
  std::uint64_t bytes = 0;
};

struct ObjectRow {
  Object object;
  std::string content;
};

// --- Buckets.
Result<std::optional<Bucket>> FindBucket(store::Reader& reader, const BucketName& name);
Result<Bucket> NeedBucket(store::Reader& reader, const BucketName& name);  // "NoSuchBucket"

// --- Objects.
Result<std::optional<ObjectRow>> FindObject(store::Reader& reader, const ObjectName& name);
Result<ObjectRow> NeedObject(store::Reader& reader, const ObjectName& name);  // "NoSuchKey"
Result<void> SaveObject(store::Transaction& tx, const ObjectName& name, const ObjectRow& row);
Result<void> RemoveObject(store::Transaction& tx, const ObjectName& name);

// --- Files.
Result<std::vector<File>> FilesOf(store::Reader& reader, const std::string& content);
Result<void> AddFile(store::Transaction& tx, const std::string& content, int number,
                     const File& file);
// Takes the content's rows away; returns the names of its files, to be removed after the write.
Result<std::vector<std::string>> RemoveContent(store::Transaction& tx, const std::string& content);

// --- Values as columns.
std::string FormatAttributes(const Attributes& attributes);
Result<Attributes> ParseAttributes(const std::string& text);
std::string FormatChecksum(const std::optional<Checksum>& checksum);  // "CRC32 AAAAAA==" or "".
std::optional<Checksum> ParseChecksum(const std::string& text);

}  // namespace ebb::buckets::rows
