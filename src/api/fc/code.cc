#include "api/fc/code.h"

#include "api/fc/functions.h"
#include "base/encoding.h"
#include "base/hash.h"
#include "buckets/object_store.h"

namespace ebb::api {
namespace {

constexpr std::string_view kCodePath = "/ebb/v1/code/";
constexpr std::size_t kMaxZipBytes = 100 * 1000 * 1000;      // FC's, in the request.
constexpr std::size_t kMaxPackageBytes = 500 * 1000 * 1000;  // FC's, from a bucket.

// Decodes on the pool: 130 MB of base64 would hold up every other request.
Task<Result<std::string>> DecodeZip(const Setup& setup, std::string base64) {
  auto bytes = co_await setup.services.pool.Run(
      [text = std::move(base64)] { return base::ParseBase64(text); });
  if (!bytes) co_return Refuse("code.zipFile must be base64, with padding and without line ends");
  if (bytes->size() > kMaxZipBytes) {
    co_return Fail(Error::Invalid("code.zipFile has " + std::to_string(bytes->size()) +
                                  " bytes: at most " + std::to_string(kMaxZipBytes) +
                                  " are allowed; larger packages come from a bucket")
                       .WithCode("EntityTooLarge"));
  }
  co_return *std::move(bytes);
}

Task<Result<std::string>> FetchPackage(const Setup& setup, std::string account, std::string bucket,
                                       std::string key) {
  auto bytes = co_await setup.services.objects.Load(
      {.account = std::move(account), .bucket = bucket, .key = key}, kMaxPackageBytes);
  if (bytes) co_return bytes;
  const Error& error = bytes.error();
  if (error.kind() == ErrorKind::kNotFound) {
    co_return Refuse("code: there is no object '" + key + "' in bucket '" + bucket + "'");
  }
  co_return Fail(error.With("load the code package"));
}

std::string Seal(const Setup& setup, std::string_view path, std::string_view expires) {
  return base::FormatBase64Url(
      base::HmacSha256(setup.code_url_key, std::string(path) + "\n" + std::string(expires)));
}

}  // namespace

Task<Result<std::optional<packages::Package>>> TakeCode(const Setup& setup, std::string account,
                                                        json::value code) {
  if (code.is_null()) co_return std::nullopt;
  if (!code.is_object()) co_return Refuse("code must be an object");
  const json::object& from = code.get_object();
  if (from.empty()) co_return std::nullopt;
  auto zip = json::String(from, "zipFile");
  if (!zip) co_return Refuse("code." + zip.error().message());
  auto bucket = json::String(from, "ossBucketName");
  if (!bucket) co_return Refuse("code." + bucket.error().message());
  auto key = json::String(from, "ossObjectName");
  if (!key) co_return Refuse("code." + key.error().message());
  auto checksum = json::String(from, "checksum");
  if (!checksum) co_return Refuse("code." + checksum.error().message());

  Result<std::string> bytes = Refuse("code must hold zipFile, or ossBucketName and ossObjectName");
  if (!zip->value_or("").empty()) {
    bytes = co_await DecodeZip(setup, **std::move(zip));
  } else if (!bucket->value_or("").empty() && !key->value_or("").empty()) {
    bytes = co_await FetchPackage(setup, std::move(account), **bucket, **key);
  }
  if (!bytes) co_return Fail(bytes.error());
  auto package = co_await setup.services.packages.Add(*std::move(bytes));
  if (!package) co_return Fail(AsInvalidArgument(package.error()));
  const std::string claimed = checksum->value_or("");
  if (!claimed.empty() && claimed != std::to_string(package->crc64)) {
    co_return Refuse("code.checksum is " + claimed + ", but the package's CRC-64 is " +
                     std::to_string(package->crc64));
  }
  co_return *std::move(package);
}

std::string CodeUrl(const Setup& setup, const Ask& ask, const std::string& hash) {
  const std::string path = std::string(kCodePath) + hash;
  const std::int64_t lifetime_ms =
      std::chrono::duration_cast<Millis>(setup.config.code_url_lifetime).count();
  const std::string expires =
      std::to_string((ToUnixMillis(setup.services.clock.WallNow()) + lifetime_ms) / 1000);
  // Under the name by which the client reached us: what is configured may not work from there.
  const std::string host(ask.headers.Get("Host").value_or(""));
  return "http://" + host + path + "?expires=" + expires +
         "&signature=" + Seal(setup, path, expires);
}

Task<Answer> GetFunctionCode(const Setup& setup, Ask ask) {
  auto function = FindFunction(setup, ask);
  if (!function) co_return Fail(function.error());
  const model::FunctionConfig& config = (*function)->config;
  if (config.package_hash.empty()) {
    co_return Refuse("function '" + config.name + "' runs an image and has no code package");
  }
  co_return JsonAnswer({{"url", CodeUrl(setup, ask, config.package_hash)},
                        {"checksum", std::to_string(config.package_crc64)}});
}

Task<std::optional<Answer>> ServeCode(const Setup& setup, std::string method, std::string path,
                                      std::string query) {
  if (method != "GET" || !path.starts_with(kCodePath)) co_return std::nullopt;
  const net::QueryPairs pairs = net::ParseQuery(query);
  const std::string expires = net::FindQuery(pairs, "expires").value_or("");
  const std::string signature = net::FindQuery(pairs, "signature").value_or("");
  if (!base::EqualConstantTime(signature, Seal(setup, path, expires))) {
    co_return Fail(Error::Denied("this URL was not made by this server, or before it was started "
                                 "again: ask GetFunctionCode for a new one")
                       .WithCode("SignatureNotMatch"));
  }
  // Sealed by us, so it is a number.
  if (std::stoll(expires) * 1000 < ToUnixMillis(setup.services.clock.WallNow())) {
    co_return Fail(Error::Denied("this URL has expired: ask GetFunctionCode for a new one")
                       .WithCode("AccessDenied"));
  }
  auto bytes = co_await setup.services.packages.Load(path.substr(kCodePath.size()));
  if (!bytes) co_return Fail(bytes.error());
  net::Response response;
  response.headers.Add("Content-Type", "application/octet-stream");
  response.text = *std::move(bytes);
  co_return std::optional<Answer>(std::move(response));
}

}  // namespace ebb::api
