// buckets/upload_rows.h
// The tables of unfinished uploads and their parts, as functions inside somebody's transaction.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "buckets/object.h"
#include "store/database.h"

namespace ebb::buckets::rows {

inline constexpr int kMaxParts = 10'000;  // S3's.

struct UploadRow {
  Upload upload;
  Attributes attributes;
};

struct PartRow {
  Part part;
  std::string content;
};

// "NoSuchBucket", "NoSuchUpload"
Result<UploadRow> NeedUpload(store::Reader& reader, const ObjectName& name,
                             const std::string& upload);
Result<void> SaveUpload(store::Transaction& tx, const ObjectName& name, const UploadRow& row);
// With its parts' rows; their files are the caller's to retire.
Result<void> RemoveUpload(store::Transaction& tx, const ObjectName& name,
                          const std::string& upload);
Result<UploadListing> UploadsOf(store::Reader& reader, const BucketName& bucket,
                                const UploadListOptions& options);

// By number, from the first one beyond `after`.
Result<std::vector<PartRow>> PartsOf(store::Reader& reader, const std::string& upload, int after,
                                     int limit);
Result<void> SavePart(store::Transaction& tx, const std::string& upload, const PartRow& row);

}  // namespace ebb::buckets::rows
