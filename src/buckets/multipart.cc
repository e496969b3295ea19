// ObjectStore's methods on multipart uploads.  A part is a content of its own; completing an upload
// makes the parts' files the object's, and copies nothing.
#include <algorithm>

#include "base/encoding.h"
#include "base/hash.h"
#include "buckets/names.h"
#include "buckets/object_store_state.h"
#include "buckets/upload_rows.h"

namespace ebb::buckets {
namespace {

Error InvalidPart(int number) {
  return Error::Invalid("Part " + std::to_string(number) +
                        " could not be found, or its entity tag or checksum is not the one given.")
      .WithCode("InvalidPart");
}

// The parts that the client names, in its order, out of those that are there.
Result<std::vector<rows::PartRow>> Pick(const std::vector<NamedPart>& named,
                                        const std::vector<rows::PartRow>& there,
                                        std::uint64_t min_bytes) {
  std::vector<rows::PartRow> out;
  int before = 0;
  for (const NamedPart& want : named) {
    if (want.number <= before) {
      return Fail(Error::Invalid("The list of parts was not in ascending order.")
                      .WithCode("InvalidPartOrder"));
    }
    before = want.number;
    const auto found = std::ranges::lower_bound(
        there, want.number, {}, [](const rows::PartRow& row) { return row.part.number; });
    if (found == there.end() || found->part.number != want.number ||
        found->part.etag != want.etag || (want.checksum && found->part.checksum != want.checksum)) {
      return Fail(InvalidPart(want.number));
    }
    out.push_back(*found);
  }
  for (std::size_t i = 0; i + 1 < out.size(); ++i) {
    if (out[i].part.bytes < min_bytes) {
      return Fail(Error::Invalid("Your proposed upload is smaller than the minimum allowed size: "
                                 "every part but the last must have " +
                                 std::to_string(min_bytes) + " bytes.")
                      .WithCode("EntityTooSmall"));
    }
  }
  return out;
}

// "<MD5 of the parts' MD5s>-<parts>", as S3.
std::string EtagOf(const std::vector<rows::PartRow>& parts) {
  base::Digest digest(base::DigestKind::kMd5);
  for (const rows::PartRow& row : parts) digest.Update(base::ParseHex(row.part.etag).value_or(""));
  return base::FormatHex(digest.Finish()) + "-" + std::to_string(parts.size());
}

// nullopt if not every part has a checksum of the upload's kind.
std::optional<Checksum> ChecksumOf(const Upload& upload, const std::vector<rows::PartRow>& parts) {
  if (!upload.checksum_kind) return std::nullopt;
  std::vector<PartChecksum> checksums;
  for (const rows::PartRow& row : parts) {
    const auto& checksum = row.part.checksum;
    if (!checksum || checksum->kind != *upload.checksum_kind) return std::nullopt;
    checksums.push_back(
        {.raw = base::ParseBase64(checksum->value).value_or(""), .bytes = row.part.bytes});
  }
  return upload.checksum_scope == ChecksumScope::kFullObject
             ? FullChecksum(*upload.checksum_kind, checksums)
             : CompositeChecksum(*upload.checksum_kind, checksums);
}

Result<void> CheckWhole(const Completion& completion, const Object& object) {
  if (completion.checksum && object.checksum && *completion.checksum != *object.checksum) {
    return Fail(Error::Invalid("The checksum you specified did not match that of the parts.")
                    .WithCode("BadDigest"));
  }
  if (completion.bytes && *completion.bytes != object.bytes) {
    return Fail(Error::Invalid("The provided 'x-amz-mp-object-size' header does not match the size "
                               "of the parts.")
                    .WithCode("InvalidRequest"));
  }
  return {};
}

// Makes the files of `parts` those of `content`.
Result<void> MoveFiles(store::Transaction& tx, const std::vector<rows::PartRow>& parts,
                       const std::string& content) {
  std::int64_t number = 0;
  for (const rows::PartRow& row : parts) {
    auto moved = tx.Execute("UPDATE object_files SET content = ?, number = ? WHERE content = ?",
                            {content, number++, row.content});
    if (!moved) return Fail(moved.error());
  }
  return {};
}

}  // namespace

Task<Result<Upload>> ObjectStore::CreateUpload(ObjectName name, Attributes attributes,
                                               std::optional<ChecksumKind> checksum,
                                               ChecksumScope scope) {
  if (auto good = CheckKey(name.key); !good) co_return Fail(good.error());
  Upload upload{.key = name.key,
                .id = state_->use.random.Hex(16),
                .created = state_->use.clock.WallNow(),
                .checksum_kind = checksum,
                .checksum_scope = scope};
  auto changed = co_await state_->Apply({}, [=](store::Transaction& tx) -> Result<Changed> {
    if (auto bucket = rows::NeedBucket(tx, name.in()); !bucket) return Fail(bucket.error());
    auto saved = rows::SaveUpload(tx, name, {.upload = upload, .attributes = attributes});
    if (!saved) return Fail(saved.error());
    return Changed{};
  });
  if (!changed) co_return Fail(changed.error());
  co_return upload;
}

Task<Result<Upload>> ObjectStore::FindUpload(ObjectName name, std::string upload) {
  auto row = co_await state_->use.database.Reading<rows::UploadRow>(
      [&](store::Reader& reader) { return rows::NeedUpload(reader, name, upload); });
  if (!row) co_return Fail(row.error());
  co_return std::move(row->upload);
}

Task<Result<Part>> ObjectStore::PutPart(ObjectName name, std::string upload, int number,
                                        Incoming incoming, net::Body& body) {
  State* state = state_.get();
  if (number < 1 || number > rows::kMaxParts) {
    co_return Fail(Error::Invalid("Part number must be an integer between 1 and 10000, inclusive")
                       .WithCode("InvalidArgument"));
  }
  if (auto there = co_await FindUpload(name, upload); !there) co_return Fail(there.error());
  auto content = co_await state->TakeIn(body, std::move(incoming));
  if (!content) co_return Fail(content.error());
  const Part part{.number = number,
                  .bytes = content->digests.bytes,
                  .etag = base::FormatHex(content->digests.md5),
                  .modified = state->use.clock.WallNow(),
                  .checksum = content->checksum};
  const std::string id = content->file.name();
  std::vector<NewFile> fresh;
  fresh.push_back(std::move(content->file));
  auto changed =
      co_await state->Apply(std::move(fresh), [=](store::Transaction& tx) -> Result<Changed> {
        // It may have been completed or aborted while the body came.
        if (auto there = rows::NeedUpload(tx, name, upload); !there) return Fail(there.error());
        Changed out;
        out.part = part;
        auto old = rows::PartsOf(tx, upload, number - 1, 1);
        if (!old) return Fail(old.error());
        if (!old->empty() && old->front().part.number == number) {
          auto retired = state->RetireIn(tx, old->front().content, out);
          if (!retired) return Fail(retired.error());
        }
        auto saved = rows::SavePart(tx, upload, {.part = part, .content = id});
        if (!saved) return Fail(saved.error());
        auto added = rows::AddFile(tx, id, 0, {.name = id, .bytes = part.bytes});
        if (!added) return Fail(added.error());
        return out;
      });
  if (!changed) co_return Fail(changed.error());
  co_return std::move(changed->part);
}

Task<Result<PartListing>> ObjectStore::ListParts(ObjectName name, std::string upload, int after,
                                                 int limit) {
  co_return co_await state_->use.database.Reading<PartListing>(
      [&](store::Reader& reader) -> Result<PartListing> {
        auto row = rows::NeedUpload(reader, name, upload);
        if (!row) return Fail(row.error());
        auto parts = rows::PartsOf(reader, upload, after, limit + 1);
        if (!parts) return Fail(parts.error());
        PartListing out{.upload = std::move(row->upload), .parts = {}, .truncated = false};
        out.truncated = parts->size() > static_cast<std::size_t>(limit);
        if (out.truncated) parts->pop_back();
        for (rows::PartRow& part : *parts) out.parts.push_back(std::move(part.part));
        return out;
      });
}

Task<Result<UploadListing>> ObjectStore::ListUploads(BucketName bucket, UploadListOptions options) {
  co_return co_await state_->use.database.Reading<UploadListing>(
      [&](store::Reader& reader) { return rows::UploadsOf(reader, bucket, options); });
}

Task<Result<Object>> ObjectStore::CompleteUpload(Origin origin, ObjectName name, std::string upload,
                                                 Completion completion, PutCondition condition) {
  State* state = state_.get();
  const std::string content = MakeFileName(state->use.random);
  const WallTime now = state->use.clock.WallNow();
  auto changed = co_await state->Apply({}, [=](store::Transaction& tx) -> Result<Changed> {
    auto row = rows::NeedUpload(tx, name, upload);
    if (!row) return Fail(row.error());
    if (auto ok = CheckCondition(tx, name, condition); !ok) return Fail(ok.error());
    auto there = rows::PartsOf(tx, upload, 0, rows::kMaxParts);
    if (!there) return Fail(there.error());
    auto picked = Pick(completion.parts, *there, state->config.min_part_bytes);
    if (!picked) return Fail(picked.error());

    rows::ObjectRow object{.object = {.key = name.key,
                                      .bytes = 0,
                                      .etag = EtagOf(*picked),
                                      .modified = now,
                                      .parts = static_cast<int>(picked->size()),
                                      .attributes = row->attributes,
                                      .checksum = ChecksumOf(row->upload, *picked)},
                           .content = content};
    for (const rows::PartRow& part : *picked) object.object.bytes += part.part.bytes;
    if (object.object.bytes > state->config.max_object_bytes) {
      return Fail(Error::Invalid("Your proposed upload exceeds the maximum allowed object size.")
                      .WithCode("EntityTooLarge"));
    }
    if (auto ok = CheckWhole(completion, object.object); !ok) return Fail(ok.error());
    if (auto moved = MoveFiles(tx, *picked, content); !moved) return Fail(moved.error());
    auto out = state->ReplaceIn(tx, origin, "ObjectCreated:CompleteMultipartUpload", name, object);
    if (!out) return out;
    // The parts that were not picked still own their files.
    for (const rows::PartRow& part : *there) {
      if (auto r = state->RetireIn(tx, part.content, *out); !r) return Fail(r.error());
    }
    if (auto removed = rows::RemoveUpload(tx, name, upload); !removed) return Fail(removed.error());
    return out;
  });
  if (!changed) co_return Fail(changed.error());
  co_return std::move(changed->object);
}

Task<Result<void>> ObjectStore::AbortUpload(ObjectName name, std::string upload) {
  State* state = state_.get();
  auto changed = co_await state->Apply({}, [=](store::Transaction& tx) -> Result<Changed> {
    if (auto there = rows::NeedUpload(tx, name, upload); !there) return Fail(there.error());
    auto parts = rows::PartsOf(tx, upload, 0, rows::kMaxParts);
    if (!parts) return Fail(parts.error());
    Changed out;
    for (const rows::PartRow& part : *parts) {
      if (auto r = state->RetireIn(tx, part.content, out); !r) return Fail(r.error());
    }
    if (auto removed = rows::RemoveUpload(tx, name, upload); !removed) return Fail(removed.error());
    return out;
  });
  if (!changed) co_return Fail(changed.error());
  co_return Result<void>{};
}

}  // namespace ebb::buckets
