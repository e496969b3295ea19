#include "buckets/sigv4.h"

#include <algorithm>
#include <charconv>

#include "base/encoding.h"
#include "base/hash.h"
#include "base/time_format.h"

namespace ebb::buckets {
namespace {

constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";
constexpr auto kMaxSkew = std::chrono::minutes(15);                // S3's.
constexpr auto kMaxExpires = std::chrono::seconds(7 * 24 * 3600);  // S3's.

std::string Lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

std::vector<std::string> Split(std::string_view text, char separator) {
  std::vector<std::string> out;
  while (true) {
    const auto at = text.find(separator);
    out.emplace_back(text.substr(0, at));
    if (at == std::string_view::npos) return out;
    text.remove_prefix(at + 1);
  }
}

std::string_view Trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// Without spaces around it, and single ones inside.
std::string CanonicalValue(std::string_view value) {
  std::string out;
  for (const char c : Trim(value)) {
    if (c == ' ' && out.ends_with(' ')) continue;
    out += c;
  }
  return out;
}

std::unexpected<Error> Malformed(SignatureClaim::Place place, std::string message) {
  return Fail(Error::Invalid(std::move(message))
                  .WithCode(place == SignatureClaim::Place::kHeader
                                ? "AuthorizationHeaderMalformed"
                                : "AuthorizationQueryParametersError"));
}

std::unexpected<Error> AccessDenied(std::string message) {
  return Fail(Error::Denied(std::move(message)).WithCode("AccessDenied"));
}

// Takes "AKID/20130524/us-east-1/s3/aws4_request" apart.
Result<void> SetCredential(SignatureClaim& claim, std::string_view credential) {
  // An access key id holds no slash; the scope has exactly four parts.
  const auto parts = Split(credential, '/');
  if (parts.size() != 5 || parts[4] != "aws4_request") {
    return Malformed(claim.place,
                     "The credential must have the form "
                     "<access key id>/<date>/<region>/s3/aws4_request.");
  }
  if (parts[3] != "s3") {
    return Malformed(claim.place, "The credential's scope must name the service s3.");
  }
  claim.access_key_id = parts[0];
  claim.scope = std::string(credential.substr(parts[0].size() + 1));
  return {};
}

Result<void> SetTimestamp(SignatureClaim& claim, std::string_view timestamp) {
  const auto time = base::ParseIsoCompact(timestamp);
  if (!time) return Malformed(claim.place, "The date must look like 20130524T000000Z.");
  claim.timestamp = timestamp;
  claim.time = *time;
  if (!claim.scope.starts_with(claim.timestamp.substr(0, 8) + "/")) {
    return Malformed(claim.place, "The date in the credential's scope is not that of the request.");
  }
  return {};
}

Result<void> SetSignedHeaders(SignatureClaim& claim, std::string_view list,
                              const net::Request& request) {
  claim.signed_headers = Split(Lower(list), ';');
  std::ranges::sort(claim.signed_headers);
  const auto is_signed = [&](const std::string& name) {
    return std::ranges::binary_search(claim.signed_headers, name);
  };
  if (!is_signed("host")) return Malformed(claim.place, "The header host must be signed.");
  for (const auto& [name, value] : request.headers) {
    const std::string lower = Lower(name);
    if (!lower.starts_with("x-amz-") || is_signed(lower)) continue;
    // Some clients add it to presigned requests, where it says nothing that is believed.
    if (claim.place == SignatureClaim::Place::kQuery && lower == "x-amz-content-sha256") continue;
    return AccessDenied("The header " + lower + " is there but not signed.");
  }
  return {};
}

Result<SignatureClaim> ParseHeaderClaim(const net::Request& request) {
  SignatureClaim claim;
  std::string_view rest = *request.headers.Get("authorization");
  rest = Trim(rest.substr(kAlgorithm.size()));
  std::string credential;
  std::string signed_headers;
  for (const std::string& field : Split(rest, ',')) {
    const std::string_view trimmed = Trim(field);
    const auto equals = trimmed.find('=');
    if (equals == std::string_view::npos) continue;
    const std::string value(trimmed.substr(equals + 1));
    const std::string_view name = trimmed.substr(0, equals);
    if (name == "Credential") credential = value;
    if (name == "SignedHeaders") signed_headers = value;
    if (name == "Signature") claim.signature = value;
  }
  if (auto set = SetCredential(claim, credential); !set) return Fail(set.error());
  std::string timestamp(request.headers.Get("x-amz-date").value_or(""));
  if (timestamp.empty()) {
    if (const auto date = base::ParseHttpDate(request.headers.Get("date").value_or(""))) {
      timestamp = base::FormatIsoCompact(*date);
    }
  }
  if (auto set = SetTimestamp(claim, timestamp); !set) return Fail(set.error());
  if (auto set = SetSignedHeaders(claim, signed_headers, request); !set) return Fail(set.error());
  const auto payload = request.headers.Get("x-amz-content-sha256");
  if (!payload) {
    return Fail(
        Error::Invalid("The header x-amz-content-sha256 is missing.").WithCode("InvalidRequest"));
  }
  claim.payload_hash = *payload;
  claim.security_token = request.headers.Get("x-amz-security-token").value_or("");
  return claim;
}

Result<SignatureClaim> ParseQueryClaim(const net::Request& request, const net::QueryPairs& query) {
  SignatureClaim claim;
  claim.place = SignatureClaim::Place::kQuery;
  const auto get = [&](std::string_view name) { return net::FindQuery(query, name).value_or(""); };
  if (get("X-Amz-Algorithm") != kAlgorithm) {
    return Malformed(claim.place, "X-Amz-Algorithm must be AWS4-HMAC-SHA256.");
  }
  if (auto set = SetCredential(claim, get("X-Amz-Credential")); !set) return Fail(set.error());
  if (auto set = SetTimestamp(claim, get("X-Amz-Date")); !set) return Fail(set.error());
  if (auto set = SetSignedHeaders(claim, get("X-Amz-SignedHeaders"), request); !set) {
    return Fail(set.error());
  }
  const std::string expires = get("X-Amz-Expires");
  int seconds = 0;
  const auto parsed = std::from_chars(expires.data(), expires.data() + expires.size(), seconds);
  if (parsed.ec != std::errc() || parsed.ptr != expires.data() + expires.size() || seconds < 1 ||
      std::chrono::seconds(seconds) > kMaxExpires) {
    return Malformed(claim.place, "X-Amz-Expires must be a number of seconds from 1 to 604800.");
  }
  claim.expires = std::chrono::seconds(seconds);
  claim.signature = get("X-Amz-Signature");
  claim.security_token = get("X-Amz-Security-Token");
  claim.payload_hash = kUnsignedPayload;
  // A signer may bind a presigned URL to one body.
  if (std::ranges::binary_search(claim.signed_headers, "x-amz-content-sha256")) {
    claim.payload_hash = request.headers.Get("x-amz-content-sha256").value_or("");
  }
  return claim;
}

std::string CanonicalQuery(const SignatureClaim& claim, const net::QueryPairs& query) {
  std::vector<std::pair<std::string, std::string>> encoded;
  for (const auto& [name, value] : query) {
    if (claim.place == SignatureClaim::Place::kQuery && name == "X-Amz-Signature") continue;
    encoded.emplace_back(base::FormatPercent(name), base::FormatPercent(value));
  }
  std::ranges::sort(encoded);
  std::string out;
  for (const auto& [name, value] : encoded) {
    if (!out.empty()) out += '&';
    out.append(name).append("=").append(value);
  }
  return out;
}

}  // namespace

bool IsSigned(const net::Request& request, const net::QueryPairs& query) {
  return request.headers.Get("authorization").value_or("").starts_with(kAlgorithm) ||
         net::FindQuery(query, "X-Amz-Algorithm").has_value();
}

Result<SignatureClaim> ParseClaim(const net::Request& request, const net::QueryPairs& query) {
  if (request.headers.Get("authorization").value_or("").starts_with(kAlgorithm)) {
    if (net::FindQuery(query, "X-Amz-Algorithm")) {
      return Fail(
          Error::Invalid("Sign the header or the query, not both.").WithCode("InvalidArgument"));
    }
    return ParseHeaderClaim(request);
  }
  return ParseQueryClaim(request, query);
}

Result<void> CheckTime(const SignatureClaim& claim, WallTime now) {
  if (claim.place == SignatureClaim::Place::kQuery) {
    if (claim.time > now + kMaxSkew) return AccessDenied("Request is not valid yet");
    if (now >= claim.time + claim.expires) return AccessDenied("Request has expired");
    return {};
  }
  if (claim.time > now + kMaxSkew || claim.time < now - kMaxSkew) {
    return Fail(Error::Denied("The difference between the request time and the current time is "
                              "too large: it is " +
                              base::FormatIso(now) + " here.")
                    .WithCode("RequestTimeTooSkewed"));
  }
  return {};
}

std::string CanonicalRequest(const SignatureClaim& claim, const net::Request& request,
                             const net::QueryPairs& query) {
  // Decoded and encoded again: a client may have sent more, or fewer, characters encoded than it
  // signed.
  const std::string path = base::ParsePercent(request.path).value_or(request.path);
  std::string out = request.method + "\n";
  out += (path.empty() ? "/" : base::FormatPercent(path, base::Slash::kKeep)) + "\n";
  out += CanonicalQuery(claim, query) + "\n";
  std::string names;
  for (const std::string& name : claim.signed_headers) {
    out += name + ":" + CanonicalValue(request.headers.GetJoined(name)) + "\n";
    names += (names.empty() ? "" : ";") + name;
  }
  return out + "\n" + names + "\n" + claim.payload_hash;
}

std::string StringToSign(const SignatureClaim& claim, std::string_view canonical_request) {
  return std::string(kAlgorithm) + "\n" + claim.timestamp + "\n" + claim.scope + "\n" +
         base::Sha256Hex(canonical_request);
}

std::string SigningKey(std::string_view secret, std::string_view scope) {
  std::string key = "AWS4" + std::string(secret);
  for (const std::string& part : Split(scope, '/')) key = base::HmacSha256(key, part);
  return key;
}

Result<void> CheckSignature(const SignatureClaim& claim, const net::Request& request,
                            const net::QueryPairs& query, std::string_view signing_key) {
  const std::string canonical = CanonicalRequest(claim, request, query);
  const std::string to_sign = StringToSign(claim, canonical);
  const std::string expected = base::FormatHex(base::HmacSha256(signing_key, to_sign));
  if (base::EqualConstantTime(expected, claim.signature)) return {};
  return Fail(
      Error::Denied("The request signature we calculated does not match the signature you "
                    "provided. Check your key and signing method.")
          .WithCode("SignatureDoesNotMatch")
          .WithDetail("canonical request:\n" + canonical + "\nstring to sign:\n" + to_sign));
}

ChunkSigner::ChunkSigner(std::string signing_key, const SignatureClaim& claim)
    : key_(std::move(signing_key)),
      timestamp_and_scope_(claim.timestamp + "\n" + claim.scope + "\n"),
      previous_(claim.signature) {}

std::string ChunkSigner::NextChunk(std::string_view sha256_of_chunk) {
  static const std::string kNothing = base::Sha256Hex("");
  previous_ = base::FormatHex(base::HmacSha256(
      key_, std::string(kAlgorithm) + "-PAYLOAD\n" + timestamp_and_scope_ + previous_ + "\n" +
                kNothing + "\n" + std::string(sha256_of_chunk)));
  return previous_;
}

std::string ChunkSigner::Trailer(std::string_view sha256_of_trailer) {
  previous_ = base::FormatHex(base::HmacSha256(key_, std::string(kAlgorithm) + "-TRAILER\n" +
                                                         timestamp_and_scope_ + previous_ + "\n" +
                                                         std::string(sha256_of_trailer)));
  return previous_;
}

}  // namespace ebb::buckets
