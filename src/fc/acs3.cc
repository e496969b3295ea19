#include "fc/acs3.h"

#include <algorithm>
#include <map>
#include <optional>
#include <vector>

#include "base/encoding.h"
#include "base/hash.h"
#include "base/time_format.h"

namespace ebb::fc {
namespace {

constexpr std::string_view kAlgorithm = "ACS3-HMAC-SHA256";
constexpr std::string_view kBodyHash = "x-acs-content-sha256";

std::string Lower(std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? char(c - 'A' + 'a') : c; });
  return lower;
}

std::string_view Trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

std::vector<std::string> Split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  while (true) {
    const std::size_t end = text.find(separator);
    parts.emplace_back(Trim(text.substr(0, end)));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

bool IsSigned(std::string_view lower_name) {
  return lower_name == "host" || lower_name == "content-type" || lower_name.starts_with("x-acs-");
}

// The values of every header named in `names`, sorted within one name, as the SDK does.
std::string CanonicalHeaders(const net::Headers& headers, const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) {
    std::vector<std::string> values;
    for (const auto& [field, value] : headers) {
      if (Lower(field) == name) values.emplace_back(Trim(value));
    }
    std::ranges::sort(values);
    text += name + ":";
    for (std::size_t i = 0; i < values.size(); ++i) text += (i == 0 ? "" : ",") + values[i];
    text += "\n";
  }
  return text;
}

// Clients differ in what they percent-encode on the wire; what is signed is the strict form.  Names
// are signed as they are.
std::string CanonicalQuery(std::string_view query) {
  net::QueryPairs pairs = net::ParseQuery(query);
  std::ranges::sort(pairs);
  std::string text;
  for (const auto& [name, value] : pairs) {
    if (!text.empty()) text += "&";
    text += name + "=" + base::FormatPercent(value);
  }
  return text;
}

// The wire form, but for three characters that the SDK always signs in one form.
std::string CanonicalPath(std::string_view path) {
  std::string text;
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (path[i] == '+') {
      text += "%20";
    } else if (path[i] == '*') {
      text += "%2A";
    } else if (path.substr(i, 3) == "%7E") {
      text += "~";
      i += 2;
    } else {
      text += path[i];
    }
  }
  return text;
}

std::string Join(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ";") + name;
  return text;
}

std::string Signature(const net::Request& request, const std::vector<std::string>& signed_names,
                      std::string_view body_hash, std::string_view secret) {
  const std::string canonical = request.method + "\n" + CanonicalPath(request.path) + "\n" +
                                CanonicalQuery(request.query) + "\n" +
                                CanonicalHeaders(request.headers, signed_names) + "\n" +
                                Join(signed_names) + "\n" + std::string(body_hash);
  const std::string to_sign = std::string(kAlgorithm) + "\n" + base::Sha256Hex(canonical);
  return base::FormatHex(base::HmacSha256(secret, to_sign));
}

std::unexpected<Error> Missing(std::string_view header) {
  return Fail(Error::Invalid("required HTTP header " + std::string(header) + " was not specified")
                  .WithCode("MissingRequiredHeader"));
}

struct Authorization {
  std::string access_key_id;
  std::vector<std::string> signed_names;
  std::string signature;
};

Result<Authorization> ParseAuthorization(std::string_view header) {
  Authorization parsed;
  header.remove_prefix(kAlgorithm.size());
  for (const std::string& part : Split(header, ',')) {
    const std::size_t equals = part.find('=');
    if (equals == std::string::npos) continue;
    const std::string_view name = std::string_view(part).substr(0, equals);
    const std::string_view value = std::string_view(part).substr(equals + 1);
    if (name == "Credential") parsed.access_key_id = value;
    if (name == "SignedHeaders") parsed.signed_names = Split(value, ';');
    if (name == "Signature") parsed.signature = Lower(value);
  }
  if (parsed.access_key_id.empty() || parsed.signed_names.empty() || parsed.signature.empty()) {
    return Fail(Error::Invalid("the Authorization header must hold Credential, SignedHeaders and "
                               "Signature")
                    .WithCode("InvalidArgument"));
  }
  return parsed;
}

// What is not covered by the signature could be changed on the way, so it must not be believed.
Result<void> CheckCoverage(const net::Request& request, const Authorization& authorization,
                           Acs3Cover cover) {
  std::vector<std::string> needed = {"x-acs-date"};
  if (cover == Acs3Cover::kHostAndBody)
    needed.insert(needed.end(), {"host", std::string(kBodyHash)});
  for (const std::string& name : needed) {
    if (!request.headers.Has(name)) return Missing(name);
  }
  for (const auto& [field, value] : request.headers) {
    const std::string name = Lower(field);
    if (name.starts_with("x-acs-")) needed.push_back(name);
  }
  for (const std::string& name : needed) {
    if (std::ranges::find(authorization.signed_names, name) == authorization.signed_names.end()) {
      return Fail(
          Error::Denied("the header " + name + " must be signed").WithCode("SignatureNotMatch"));
    }
  }
  return {};
}

Result<void> CheckDate(const net::Request& request, WallTime now) {
  const auto date = base::ParseIso(Trim(*request.headers.Get("x-acs-date")));
  if (!date) {
    return Fail(Error::Invalid("x-acs-date must look like 2026-11-23T20:16:25Z")
                    .WithCode("InvalidArgument"));
  }
  if (*date - now > kAcs3MaxSkew || now - *date > kAcs3MaxSkew) {
    return Fail(Error::Denied("the request's x-acs-date is more than 15 minutes away from the "
                              "server's time " +
                              base::FormatIso(now))
                    .WithCode("AccessDenied"));
  }
  return {};
}

}  // namespace

void SignAcs3(net::Request& request, std::string_view body_sha256_hex, const Acs3Key& key,
              WallTime now, std::string nonce) {
  net::Headers& headers = request.headers;
  headers.Set("x-acs-version", "2023-03-30");
  headers.Set("x-acs-date", base::FormatIso(now));
  headers.Set("x-acs-signature-nonce", std::move(nonce));
  headers.Set(std::string(kBodyHash), std::string(body_sha256_hex));
  if (!key.security_token.empty()) {
    headers.Set("x-acs-accesskey-id", key.access_key_id);
    headers.Set("x-acs-security-token", key.security_token);
  }
  std::vector<std::string> names;
  for (const auto& [field, value] : headers) {
    if (std::string name = Lower(field); IsSigned(name)) names.push_back(std::move(name));
  }
  std::ranges::sort(names);
  names.erase(std::unique(names.begin(), names.end()), names.end());
  headers.Set("Authorization", std::string(kAlgorithm) + " Credential=" + key.access_key_id +
                                   ",SignedHeaders=" + Join(names) + ",Signature=" +
                                   Signature(request, names, body_sha256_hex, key.secret));
}

bool HasAcs3Signature(const net::Request& request) {
  const auto header = request.headers.Get("Authorization");
  return header && header->starts_with(std::string(kAlgorithm) + " ");
}

Result<Acs3Proof> VerifyAcs3(const net::Request& request, const catalog::IdentityBook& identities,
                             WallTime now, Acs3Cover cover) {
  if (!request.headers.Has("Authorization")) {
    return Fail(Error::Denied("the request is not signed: it has no Authorization header")
                    .WithCode("AccessDenied"));
  }
  if (!HasAcs3Signature(request)) {
    return Fail(Error::Invalid("the Authorization header must begin with ACS3-HMAC-SHA256")
                    .WithCode("InvalidArgument"));
  }
  auto authorization = ParseAuthorization(*request.headers.Get("Authorization"));
  if (!authorization) return Fail(authorization.error());
  auto covered = CheckCoverage(request, *authorization, cover);
  if (!covered) return Fail(covered.error());
  auto dated = CheckDate(request, now);
  if (!dated) return Fail(dated.error());

  const std::string token(request.headers.Get("x-acs-security-token").value_or(""));
  auto credential = identities.Find(authorization->access_key_id, token);
  if (!credential) return Fail(credential.error());

  const std::string body_hash = Lower(Trim(request.headers.Get(kBodyHash).value_or("")));
  const std::string expected =
      Signature(request, authorization->signed_names, body_hash, credential->secret);
  if (!base::EqualConstantTime(expected, authorization->signature)) {
    return Fail(Error::Denied("The request signature we calculated does not match the signature "
                              "you provided. Check your access key and signing method.")
                    .WithCode("SignatureNotMatch"));
  }
  return Acs3Proof{credential->identity, body_hash};
}

Result<void> CheckBody(const Acs3Proof& proof, std::string_view body) {
  if (proof.body_sha256_hex.empty()) return {};
  if (base::Sha256Hex(body) == proof.body_sha256_hex) return {};
  return Fail(Error::Denied("the body is not what x-acs-content-sha256 says it is")
                  .WithCode("SignatureNotMatch"));
}

}  // namespace ebb::fc
