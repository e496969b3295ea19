// buckets/sigv2.h
// Presigned URLs by the older AWS Signature Version 2 (HMAC-SHA1), which some clients still make
// unless told otherwise.  Only those: no header signatures.
#pragma once

#include <string>

#include "base/clock.h"
#include "base/error.h"
#include "buckets/s3_request.h"

namespace ebb::buckets {

struct V2Claim {
  std::string access_key_id;
  std::string security_token;
  std::string expires_text;  // Seconds since 1970, as sent: it is signed.
  WallTime expires;
  std::string signature;  // Base64.
};

bool IsV2Presigned(const S3Request& request);

// kInvalid "InvalidArgument".
Result<V2Claim> ParseV2Claim(const S3Request& request);

// kDenied "SignatureDoesNotMatch".
Result<void> CheckV2Signature(const V2Claim& claim, const S3Request& request,
                              const std::string& secret);

}  // namespace ebb::buckets
