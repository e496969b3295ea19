// buckets/s3_headers.h
// What S3's request headers say about an object, and back: attributes, conditions, ranges,
// checksums.
#pragma once

#include <optional>
#include <string>

#include "buckets/object_store.h"
#include "buckets/s3_request.h"

namespace ebb::buckets {

std::string Quoted(const std::string& etag);
std::string WithoutQuotes(std::string etag);  // "*" stays "*".

// kInvalid "NotImplemented", "AccessControlListNotSupported" for headers that ask for something
// that we would not do: encryption, ACLs, tags, locks.  Ignoring them would be a lie.
Result<void> RefuseWhatIsNotDone(const S3Request& request);

// kInvalid "MetadataTooLarge", "InvalidArgument".
Result<Attributes> ReadAttributes(const S3Request& request);
// Content-Type and the like, x-amz-meta-*, ETag, Last-Modified.
void WriteObjectHeaders(const Object& object, net::Headers& headers);
void WriteChecksumHeaders(const std::optional<Checksum>& checksum, net::Headers& headers);

// --- Conditions.
enum class Verdict { kGo, kNotModified, kFailed };
// `prefix` is "" or "x-amz-copy-source-".
Verdict JudgeConditions(const S3Request& request, const std::string& prefix, const Object& object);
// If-None-Match: * and If-Match of a put.  kInvalid "NotImplemented" for any other If-None-Match.
Result<PutCondition> ReadPutCondition(const S3Request& request);
Error PreconditionFailed();

// --- Ranges.
struct Range {
  std::uint64_t first = 0;
  std::uint64_t count = 0;
};
// nullopt for the whole: no Range, one that we do not understand, or more than one range, as S3.
// kInvalid "InvalidRange" if it lies outside `bytes`.
Result<std::optional<Range>> ParseRange(const std::optional<std::string>& header,
                                        std::uint64_t bytes);

}  // namespace ebb::buckets
