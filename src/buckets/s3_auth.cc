#include "buckets/s3_auth.h"

#include "buckets/sigv2.h"

namespace ebb::buckets {
namespace {

Result<catalog::Credential> FindSecret(const FindCredential& find_credential,
                                       const std::string& access_key_id,
                                       const std::string& security_token) {
  auto credential = find_credential(access_key_id, security_token);
  if (credential) return credential;
  if (credential.error().kind() != ErrorKind::kDenied) return credential;
  return Fail(Error::Denied("The AWS Access Key Id you provided does not exist in our records, or "
                            "its session token is wrong or has expired.")
                  .WithCode("InvalidAccessKeyId")
                  .WithDetail(credential.error().Describe()));
}

// boto3 before 1.36 and s3cmd presign by SigV2 unless told otherwise.
Result<Proof> AuthenticateV2(const S3Request& request, const FindCredential& find_credential,
                             WallTime now) {
  const auto claim = ParseV2Claim(request);
  if (!claim) return Fail(claim.error());
  if (now >= claim->expires) {
    return Fail(Error::Denied("Request has expired").WithCode("AccessDenied"));
  }
  auto credential = FindSecret(find_credential, claim->access_key_id, claim->security_token);
  if (!credential) return Fail(credential.error());
  if (auto good = CheckV2Signature(*claim, request, credential->secret); !good) {
    return Fail(good.error());
  }
  Proof proof{.identity = std::move(credential->identity), .claim = {}, .signing_key = {}};
  proof.claim.payload_hash = kUnsignedPayload;
  return proof;
}

}  // namespace

Result<Proof> Authenticate(const S3Request& request, const FindCredential& find_credential,
                           WallTime now) {
  const net::Request& http = request.http();
  if (IsV2Presigned(request)) return AuthenticateV2(request, find_credential, now);
  if (!IsSigned(http, request.query())) {
    if (http.headers.Has("authorization")) {
      return Fail(Error::Invalid("The authorization mechanism you have provided is not supported. "
                                 "Please use AWS4-HMAC-SHA256.")
                      .WithCode("InvalidRequest"));
    }
    return Fail(
        Error::Denied("Access Denied: the request is not signed.").WithCode("AccessDenied"));
  }
  auto claim = ParseClaim(http, request.query());
  if (!claim) return Fail(claim.error());
  auto credential = FindSecret(find_credential, claim->access_key_id, claim->security_token);
  if (!credential) return Fail(credential.error());
  if (auto good = CheckTime(*claim, now); !good) return Fail(good.error());
  std::string key = SigningKey(credential->secret, claim->scope);
  if (auto good = CheckSignature(*claim, http, request.query(), key); !good) {
    return Fail(good.error());
  }
  return Proof{.identity = std::move(credential->identity),
               .claim = std::move(*claim),
               .signing_key = std::move(key)};
}

}  // namespace ebb::buckets
