// buckets/payload.h
// A request's body as an operation sees it: without chunk framing, and everything that the client
// said about it checked, by the signature, Content-MD5 and checksums in headers or trailers.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "buckets/chunked_body.h"
#include "buckets/object_store.h"
#include "buckets/s3_auth.h"
#include "buckets/s3_request.h"

namespace ebb::buckets {

class Payload {
 public:
  // Borrows the request.  Errors: kInvalid "InvalidDigest", "InvalidRequest",
  // "MissingContentLength"; kInvalid "NotImplemented" for a way of signing that we do not know.
  static Result<Payload> Make(const S3Request& request, const Proof& proof);

  // Takes over what the client says in x-amz-checksum-* headers or announces as a trailer.  Not
  // called where they speak of something else than this body.  kInvalid "InvalidRequest".
  Result<void> UseChecksumHeaders(const S3Request& request);

  // A checksum that is kept with the object even if the client gave none.
  void AlsoCompute(ChecksumKind kind);

  // The kind of checksum that is kept.
  std::optional<ChecksumKind> checksum_kind() const { return kept_; }

  net::Body& body() { return chunked_ ? *chunked_ : *plain_; }

  // For the ObjectStore.  Its check fails with kInvalid "BadDigest", "XAmzContentSHA256Mismatch",
  // "MalformedTrailerError".  This must outlive it.
  Incoming incoming() const;

  // For small bodies: all of it, checked.  kInvalid "EntityTooLarge".
  Task<Result<std::string>> ReadAll(std::size_t limit);

 private:
  Result<std::optional<Checksum>> Check(const Digests& digests) const;
  // What the checksum has to be, base64; nullopt if the client did not say.
  Result<std::optional<std::string>> ExpectedChecksum() const;

  net::Body* plain_ = nullptr;
  std::unique_ptr<ChunkedBody> chunked_;
  std::string sha256_;  // Raw; empty if it is not known.
  std::string md5_;     // Raw; empty if it is not known.
  std::optional<ChecksumKind> kept_;
  std::optional<std::string> expected_;  // Base64, from a header.
  bool in_trailer_ = false;
};

}  // namespace ebb::buckets
