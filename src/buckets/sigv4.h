// buckets/sigv4.h
// AWS Signature Version 4 as S3 uses it: reading what a request claims, and computing what its
// signature would have to be.  Pure functions; who the keys belong to is asked elsewhere.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "net/http.h"

namespace ebb::buckets {

inline constexpr std::string_view kUnsignedPayload = "UNSIGNED-PAYLOAD";

// What a request says about its own signature, from its headers or, presigned, from its query.
struct SignatureClaim {
  enum class Place { kHeader, kQuery };
  Place place = Place::kHeader;
  std::string access_key_id;
  std::string security_token;               // Empty for an account's own key.
  std::string scope;                        // "20130524/us-east-1/s3/aws4_request"
  std::string timestamp;                    // "20130524T000000Z"
  WallTime time;                            // The same.
  std::chrono::seconds expires{0};          // kQuery: valid for this long after `time`.
  std::vector<std::string> signed_headers;  // Lower case, sorted.
  std::string signature;                    // Hex.
  std::string payload_hash;                 // Hex SHA-256 of the body, or one of S3's words.
};

// True if `request` tries to be signed by SigV4 at all.
bool IsSigned(const net::Request& request, const net::QueryPairs& query);

// Errors: kInvalid "AuthorizationHeaderMalformed", "AuthorizationQueryParametersError" for what
// cannot be understood; kDenied "AccessDenied" when an x-amz-* header is not signed.
Result<SignatureClaim> ParseClaim(const net::Request& request, const net::QueryPairs& query);

// kDenied "RequestTimeTooSkewed" beyond 15 minutes; "AccessDenied" for a URL that is expired or not
// valid yet.
Result<void> CheckTime(const SignatureClaim& claim, WallTime now);

std::string CanonicalRequest(const SignatureClaim& claim, const net::Request& request,
                             const net::QueryPairs& query);
std::string StringToSign(const SignatureClaim& claim, std::string_view canonical_request);
std::string SigningKey(std::string_view secret, std::string_view scope);  // Raw.

// kDenied "SignatureDoesNotMatch", with both strings in the detail.
Result<void> CheckSignature(const SignatureClaim& claim, const net::Request& request,
                            const net::QueryPairs& query, std::string_view signing_key);

// The chain of signatures of a STREAMING-AWS4-HMAC-SHA256-PAYLOAD body: each chunk's covers the
// one before it, the first one the request's own.
class ChunkSigner {
 public:
  ChunkSigner(std::string signing_key, const SignatureClaim& claim);
  std::string NextChunk(std::string_view sha256_of_chunk);  // Hex in, hex out.
  std::string Trailer(std::string_view sha256_of_trailer);  // Hex in, hex out.

 private:
  std::string key_;
  std::string timestamp_and_scope_;
  std::string previous_;
};

}  // namespace ebb::buckets
