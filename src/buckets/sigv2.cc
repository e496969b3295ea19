#include "buckets/sigv2.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <set>

#include "base/encoding.h"
#include "base/hash.h"

namespace ebb::buckets {
namespace {

// The only parameters that SigV2 signs.
bool IsSignedParameter(const std::string& name) {
  static const std::set<std::string> kNames = {"acl",
                                               "cors",
                                               "delete",
                                               "lifecycle",
                                               "location",
                                               "logging",
                                               "notification",
                                               "partNumber",
                                               "policy",
                                               "requestPayment",
                                               "response-cache-control",
                                               "response-content-disposition",
                                               "response-content-encoding",
                                               "response-content-language",
                                               "response-content-type",
                                               "response-expires",
                                               "tagging",
                                               "torrent",
                                               "uploadId",
                                               "uploads",
                                               "versionId",
                                               "versioning",
                                               "versions",
                                               "website"};
  return kNames.contains(name);
}

std::string AmzHeaders(const net::Request& http) {
  std::map<std::string, std::string> fields;
  for (const auto& [name, value] : http.headers) {
    std::string lower = name;
    for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    if (!lower.starts_with("x-amz-")) continue;
    std::string& all = fields[lower];
    all += (all.empty() ? "" : ",") + value;
  }
  std::string out;
  for (const auto& [name, value] : fields) out.append(name).append(":").append(value).append("\n");
  return out;
}

std::string Resource(const S3Request& request) {
  std::string out = "/" + request.bucket;
  // A virtual host's bucket is not in the path.
  if (request.http().path.starts_with(out + "/") || request.http().path == out) {
    out = request.http().path;
  } else {
    out += request.http().path;
  }
  net::QueryPairs parameters;
  for (const auto& pair : request.query()) {
    if (IsSignedParameter(pair.first)) parameters.push_back(pair);
  }
  std::ranges::sort(parameters);
  char separator = '?';
  for (const auto& [name, value] : parameters) {
    out += separator + name;
    if (!value.empty()) out += "=" + value;
    separator = '&';
  }
  return out;
}

}  // namespace

bool IsV2Presigned(const S3Request& request) {
  return request.HasQuery("AWSAccessKeyId") && request.HasQuery("Signature");
}

Result<V2Claim> ParseV2Claim(const S3Request& request) {
  V2Claim claim;
  claim.access_key_id = request.Query("AWSAccessKeyId").value_or("");
  claim.security_token = request.Query("x-amz-security-token").value_or("");
  claim.expires_text = request.Query("Expires").value_or("");
  claim.signature = request.Query("Signature").value_or("");
  std::int64_t seconds = 0;
  const std::string& text = claim.expires_text;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size() || seconds < 0 ||
      seconds > 1ll << 32) {
    return Fail(Error::Invalid("Expires must be a time in seconds since 1970.")
                    .WithCode("InvalidArgument"));
  }
  claim.expires = WallTime(std::chrono::seconds(seconds));
  return claim;
}

Result<void> CheckV2Signature(const V2Claim& claim, const S3Request& request,
                              const std::string& secret) {
  const net::Request& http = request.http();
  std::string amz = AmzHeaders(http);
  // In a URL the token is signed as if it were the header.
  if (!claim.security_token.empty()) amz += "x-amz-security-token:" + claim.security_token + "\n";
  const std::string to_sign = http.method + "\n" + request.Header("content-md5").value_or("") +
                              "\n" + request.Header("content-type").value_or("") + "\n" +
                              claim.expires_text + "\n" + amz + Resource(request);
  const std::string expected = base::FormatBase64(base::HmacSha1(secret, to_sign));
  if (base::EqualConstantTime(expected, claim.signature)) return {};
  return Fail(Error::Denied("The request signature we calculated does not match the signature you "
                            "provided. Check your key and signing method.")
                  .WithCode("SignatureDoesNotMatch")
                  .WithDetail("string to sign:\n" + to_sign));
}

}  // namespace ebb::buckets
