// buckets/s3_auth.h
// Who sent a request, proved by its signature.
#pragma once

#include <functional>
#include <string>

#include "base/clock.h"
#include "base/error.h"
#include "buckets/s3_request.h"
#include "buckets/sigv4.h"
#include "catalog/identity.h"

namespace ebb::buckets {

// IdentityBook::Find: by access key id and security token.
using FindCredential =
    std::function<Result<catalog::Credential>(const std::string&, const std::string&)>;

struct Proof {
  model::Identity identity;
  SignatureClaim claim;
  std::string signing_key;  // Signs the chunks of a signed body.  Empty for SigV2.
};

// Errors: kDenied "AccessDenied" (not signed, or expired), "InvalidAccessKeyId",
// "SignatureDoesNotMatch", "RequestTimeTooSkewed"; kInvalid for what cannot be understood.
Result<Proof> Authenticate(const S3Request& request, const FindCredential& find_credential,
                           WallTime now);

}  // namespace ebb::buckets
