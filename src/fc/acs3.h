// fc/acs3.h
// ACS3-HMAC-SHA256, the signature of FC's clients: signing (the CLI) and verifying (the HTTP
// doors).
//
// The body is covered through its SHA-256, which the signed header x-acs-content-sha256 carries: a
// verifier can refuse a stranger before it reads the body, and must compare the hash afterwards.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/error.h"
#include "catalog/identity.h"
#include "model/account.h"
#include "net/http.h"

namespace ebb::fc {

// FC's: how far a request's date may be from our clock, either way.
inline constexpr Duration kAcs3MaxSkew = std::chrono::minutes(15);

struct Acs3Key {
  std::string access_key_id;
  std::string secret;
  std::string security_token;  // Empty for an account's own key.
};

// Adds Authorization and the x-acs-* headers.  `Host` and, if there is a body, `Content-Type` must
// be set already; nothing that is signed may change afterwards.  `nonce`: any string never used
// before, such as Random::Hex(16).
void SignAcs3(net::Request& request, std::string_view body_sha256_hex, const Acs3Key& key,
              WallTime now, std::string nonce);

// What a signature must cover.  FC's own examples for http triggers sign neither host nor body.
enum class Acs3Cover { kHostAndBody, kAtLeastDate };

// Whom a good signature proved, and what the body must hash to (lower-case hex; empty: the body is
// not covered).
struct Acs3Proof {
  model::Identity identity;
  std::string body_sha256_hex;
};

// True if the request says that it is signed this way; others need another check or are anonymous.
bool HasAcs3Signature(const net::Request& request);

// Errors, each with FC's code: kInvalid MissingRequiredHeader, InvalidArgument (malformed);
// kDenied  InvalidAccessKeyID (unknown key), SignatureNotMatch, AccessDenied (not signed,
// or dated too far off).
Result<Acs3Proof> VerifyAcs3(const net::Request& request, const catalog::IdentityBook& identities,
                             WallTime now, Acs3Cover cover);

// kDenied, code SignatureNotMatch, unless `body` is what was signed or is not covered.  Hashes:
// half a second for 100 MB, so large bodies belong on the blocking pool.
Result<void> CheckBody(const Acs3Proof& proof, std::string_view body);

}  // namespace ebb::fc
