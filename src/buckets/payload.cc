#include "buckets/payload.h"

#include <charconv>

#include "base/encoding.h"

namespace ebb::buckets {
namespace {

// What x-amz-content-sha256 may say besides a hash.
struct Streaming {
  std::string_view word;
  bool is_signed;
  ChunkedBody::Ending ending;
};
constexpr Streaming kStreaming[] = {
    {"STREAMING-AWS4-HMAC-SHA256-PAYLOAD", true, ChunkedBody::Ending::kPlain},
    {"STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER", true, ChunkedBody::Ending::kTrailers},
    {"STREAMING-UNSIGNED-PAYLOAD-TRAILER", false, ChunkedBody::Ending::kTrailers}};

std::unexpected<Error> Refuse(const char* code, std::string message) {
  return Fail(Error::Invalid(std::move(message)).WithCode(code));
}

Result<std::uint64_t> DecodedLength(const S3Request& request) {
  const std::string text = request.Header("x-amz-decoded-content-length").value_or("");
  std::uint64_t value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  if (parsed.ec == std::errc() && parsed.ptr == text.data() + text.size()) return value;
  return Refuse("MissingContentLength",
                "You must provide the x-amz-decoded-content-length HTTP header.");
}

}  // namespace

Result<Payload> Payload::Make(const S3Request& request, const Proof& proof) {
  Payload payload;
  payload.plain_ = request.http().body.get();
  const std::string& hash = proof.claim.payload_hash;
  for (const Streaming& way : kStreaming) {
    if (hash != way.word) continue;
    const auto length = DecodedLength(request);
    if (!length) return Fail(length.error());
    std::optional<ChunkSigner> signer;
    if (way.is_signed) signer.emplace(proof.signing_key, proof.claim);
    payload.chunked_ =
        std::make_unique<ChunkedBody>(*payload.plain_, std::move(signer), way.ending, *length);
  }
  if (!payload.chunked_ && hash != kUnsignedPayload) {
    payload.sha256_ = base::ParseHex(hash).value_or("");
    if (payload.sha256_.size() != 32) {
      return Refuse("InvalidArgument",
                    "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, one of the STREAMING-… words "
                    "that we know, or a valid sha256 value.");
    }
  }
  if (const auto md5 = request.Header("content-md5")) {
    payload.md5_ = base::ParseBase64(*md5).value_or("");
    if (payload.md5_.size() != 16) {
      return Refuse("InvalidDigest", "The Content-MD5 you specified is not valid.");
    }
  }
  return payload;
}

Result<void> Payload::UseChecksumHeaders(const S3Request& request) {
  for (const ChecksumKind kind : kChecksumKinds) {
    const auto value = request.Header(ChecksumHeaderOf(kind));
    if (!value) continue;
    if (kept_) return Refuse("InvalidRequest", "Expecting a single x-amz-checksum- header.");
    if (base::ParseBase64(*value).value_or("").size() != SizeOf(kind)) {
      return Refuse("InvalidRequest",
                    "Value for " + std::string(ChecksumHeaderOf(kind)) + " header is invalid.");
    }
    kept_ = kind;
    expected_ = *value;
  }
  if (const auto trailer = request.Header("x-amz-trailer"); trailer && chunked_) {
    const auto kind = ChecksumKindOfHeader(*trailer);
    if (!kind || kept_) {
      return Refuse("InvalidRequest", "x-amz-trailer must name one x-amz-checksum- header.");
    }
    kept_ = kind;
    in_trailer_ = true;
  }
  return {};
}

void Payload::AlsoCompute(ChecksumKind kind) {
  if (!kept_) kept_ = kind;
}

Incoming Payload::incoming() const {
  Incoming incoming;
  incoming.wanted.sha256 = !sha256_.empty();
  if (kept_) incoming.wanted.checksums = {*kept_};
  incoming.check = [this](const Digests& digests) { return Check(digests); };
  return incoming;
}

Result<std::optional<std::string>> Payload::ExpectedChecksum() const {
  if (!in_trailer_) return expected_;
  const auto found = chunked_->trailers().find(ChecksumHeaderOf(*kept_));
  if (found != chunked_->trailers().end()) return found->second;
  return Refuse("MalformedTrailerError", "The trailing checksum that was announced is missing.");
}

Result<std::optional<Checksum>> Payload::Check(const Digests& digests) const {
  if (!sha256_.empty() && digests.sha256 != sha256_) {
    return Refuse("XAmzContentSHA256Mismatch",
                  "The provided 'x-amz-content-sha256' header does not match what was computed.");
  }
  if (!md5_.empty() && digests.md5 != md5_) {
    return Refuse("BadDigest", "The Content-MD5 you specified did not match what we received.");
  }
  if (!kept_) return std::nullopt;
  const auto expected = ExpectedChecksum();
  if (!expected) return Fail(expected.error());
  Checksum computed{.kind = *kept_, .value = base::FormatBase64(digests.checksums.at(*kept_))};
  if (*expected && **expected != computed.value) {
    return Refuse("BadDigest", "The " + std::string(ToString(*kept_)) +
                                   " you specified did not match the calculated checksum.");
  }
  return computed;
}

Task<Result<std::string>> Payload::ReadAll(std::size_t limit) {
  auto text = co_await net::ReadAll(body(), limit);
  if (!text) co_return text;
  DigestSet digests(incoming().wanted);
  digests.Update(*text);
  if (auto good = Check(digests.Finish()); !good) co_return Fail(good.error());
  co_return text;
}

}  // namespace ebb::buckets
