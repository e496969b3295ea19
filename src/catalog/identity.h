// catalog/identity.h
// Secrets behind access keys: the account's own, and temporary ones that functions are given.
//
// A temporary key is not stored: its token says account, function and expiry, signed with a key
// that the server keeps in the database, and its secret is derived from the token.
#pragma once

#include <memory>
#include <string>

#include "base/clock.h"
#include "catalog/catalog.h"
#include "model/account.h"

namespace ebb::catalog {

struct TemporaryKey {
  std::string access_key_id;  // "STS.…"
  std::string secret;
  std::string security_token;
  WallTime expires;
};

// A secret with whom it belongs to.
struct Credential {
  model::Identity identity;
  std::string secret;
};

// Any thread.
class IdentityBook {
 public:
  // Loads the signing key, or makes one.  Blocks; for start-up.
  static Result<std::unique_ptr<IdentityBook>> Load(store::Database& database,
                                                    const Catalog& catalog, const Clock& clock,
                                                    Random& random);

  // `lifetime` as FC: 36 h.
  TemporaryKey Issue(const std::string& account, const std::string& function,
                     Duration lifetime = std::chrono::hours(36)) const;

  // What a signature by `access_key_id` must be checked with.  `security_token` is empty for an
  // account's own key.  Errors: kDenied, code "InvalidAccessKeyID", for an unknown, expired or
  // forged one.
  Result<Credential> Find(const std::string& access_key_id,
                          const std::string& security_token) const;

 private:
  IdentityBook(const Catalog& catalog, const Clock& clock, std::string signing_key);
  const Catalog& catalog_;
  const Clock& clock_;
  std::string signing_key_;
};

}  // namespace ebb::catalog
