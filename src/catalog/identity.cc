#include "catalog/identity.h"

#include "base/encoding.h"
#include "base/hash.h"
#include "base/json.h"

namespace ebb::catalog {
namespace {

constexpr const char* kSecretName = "temporary-keys";

// Three uses of one key must never give the same bytes: each says what it is for.
std::string Derive(const std::string& key, std::string_view purpose, std::string_view text) {
  return base::FormatBase64Url(
      base::HmacSha256(key, std::string(purpose) + ":" + std::string(text)));
}

TemporaryKey KeyOf(const std::string& signing_key, std::string token, WallTime expires) {
  return {.access_key_id = "STS." + Derive(signing_key, "id", token).substr(0, 24),
          .secret = Derive(signing_key, "secret", token),
          .security_token = std::move(token),
          .expires = expires};
}

// A token is "<claims>.<signature>", both base64url.
std::string MakeToken(const std::string& signing_key, const std::string& account,
                      const std::string& function, WallTime expires) {
  const json::object claims{
      {"account", account}, {"function", function}, {"expiresMs", ToUnixMillis(expires)}};
  const std::string text = base::FormatBase64Url(json::serialize(claims));
  return text + "." + Derive(signing_key, "token", text);
}

struct Claims {
  std::string account;
  std::string function;
  WallTime expires;
};

// Nothing of a token is looked at before its signature is proved.
std::optional<Claims> ParseToken(const std::string& signing_key, const std::string& token) {
  const std::size_t dot = token.find('.');
  if (dot == std::string::npos) return std::nullopt;
  const std::string text = token.substr(0, dot);
  if (!base::EqualConstantTime(token.substr(dot + 1), Derive(signing_key, "token", text))) {
    return std::nullopt;
  }
  const auto decoded = base::ParseBase64Url(text);
  if (!decoded) return std::nullopt;
  const auto object = json::ParseObject(*decoded);
  if (!object) return std::nullopt;
  const auto account = json::String(*object, "account");
  const auto function = json::String(*object, "function");
  const auto expires = json::Integer(*object, "expiresMs");
  if (!account || !*account || !function || !*function || !expires || !*expires) {
    return std::nullopt;
  }
  return Claims{**account, **function, FromUnixMillis(**expires)};
}

std::unexpected<Error> Refuse(const std::string& message) {
  return Fail(Error::Denied(message).WithCode("InvalidAccessKeyID"));
}

}  // namespace

IdentityBook::IdentityBook(const Catalog& catalog, const Clock& clock, std::string signing_key)
    : catalog_(catalog), clock_(clock), signing_key_(std::move(signing_key)) {}

Result<std::unique_ptr<IdentityBook>> IdentityBook::Load(store::Database& database,
                                                         const Catalog& catalog, const Clock& clock,
                                                         Random& random) {
  std::string hex = random.Hex(32);
  auto written = database.WriteBlocking([&](store::Transaction& tx) -> Result<void> {
    const auto rows =
        tx.Query("SELECT secret_hex FROM catalog_secrets WHERE name = ?", {kSecretName});
    if (!rows) return Fail(rows.error());
    if (!rows->empty()) {
      hex = rows->front().Text(0);
      return {};
    }
    const auto inserted = tx.Execute("INSERT INTO catalog_secrets (name, secret_hex) VALUES (?, ?)",
                                     {kSecretName, hex});
    if (!inserted) return Fail(inserted.error());
    return {};
  });
  if (!written) return Fail(written.error().With("load the key that signs temporary keys"));
  auto key = base::ParseHex(hex);
  if (!key || key->size() != 32) {
    return Fail(Error::Internal("the stored key that signs temporary keys is damaged"));
  }
  return std::unique_ptr<IdentityBook>(new IdentityBook(catalog, clock, *std::move(key)));
}

TemporaryKey IdentityBook::Issue(const std::string& account, const std::string& function,
                                 Duration lifetime) const {
  const WallTime expires = FromUnixMillis(ToUnixMillis(clock_.WallNow() + lifetime));
  return KeyOf(signing_key_, MakeToken(signing_key_, account, function, expires), expires);
}

Result<Credential> IdentityBook::Find(const std::string& access_key_id,
                                      const std::string& security_token) const {
  const auto snapshot = catalog_.snapshot();
  if (security_token.empty()) {
    const auto found = snapshot->keys.find(access_key_id);
    if (found != snapshot->keys.end()) {
      return Credential{{found->second.account, access_key_id, ""}, found->second.secret};
    }
    return Refuse(access_key_id.starts_with("STS.")
                      ? "a temporary access key needs its security token"
                      : "the access key id is not known");
  }
  auto claims = ParseToken(signing_key_, security_token);
  if (!claims) return Refuse("the security token is not valid");
  TemporaryKey key = KeyOf(signing_key_, security_token, claims->expires);
  if (key.access_key_id != access_key_id) {
    return Refuse("the security token belongs to another access key id");
  }
  if (clock_.WallNow() >= claims->expires) return Refuse("the temporary access key has expired");
  // Deleting a function takes its keys with it.
  if (!snapshot->functions.contains({claims->account, claims->function})) {
    return Refuse("the function of the temporary access key does not exist any more");
  }
  return Credential{{claims->account, access_key_id, claims->function}, std::move(key.secret)};
}

}  // namespace ebb::catalog
