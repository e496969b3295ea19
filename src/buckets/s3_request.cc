#include "buckets/s3_request.h"

#include <charconv>

#include "base/encoding.h"
#include "buckets/names.h"

namespace ebb::buckets {
namespace {

// The bucket that a host such as "photos.localhost:8901" names, or nothing.
std::string BucketOfHost(std::string_view host, const std::vector<std::string>& suffixes) {
  host = host.substr(0, host.find(':'));
  for (const std::string& suffix : suffixes) {
    const std::string tail = "." + suffix;
    if (host.size() > tail.size() && host.ends_with(tail)) {
      return std::string(host.substr(0, host.size() - tail.size()));
    }
  }
  return "";
}

}  // namespace

Result<S3Request> S3Request::Parse(net::Request& http,
                                   const std::vector<std::string>& host_suffixes) {
  S3Request request;
  request.http_ = &http;
  request.query_ = net::ParseQuery(http.query);
  auto path = base::ParsePercent(http.path);
  if (!path || !path->starts_with('/')) {
    return Fail(Error::Invalid("Couldn't parse the specified URI.").WithCode("InvalidURI"));
  }
  request.bucket = BucketOfHost(http.headers.Get("host").value_or(""), host_suffixes);
  if (!request.bucket.empty()) {
    request.key = path->substr(1);
  } else {
    const auto slash = path->find('/', 1);
    request.bucket = path->substr(1, slash == std::string::npos ? slash : slash - 1);
    if (slash != std::string::npos) request.key = path->substr(slash + 1);
  }
  if (!request.bucket.empty() || !request.key.empty()) {
    if (auto good = CheckBucketName(request.bucket); !good) return Fail(good.error());
  }
  return request;
}

Origin S3Request::origin() const {
  const std::string& peer = http_->peer;
  return {.request_id = request_id,
          .source_address = peer.substr(0, peer.rfind(':')),
          .principal = identity.function.empty() ? identity.account
                                                 : identity.account + ":" + identity.function};
}

std::optional<std::string> S3Request::Query(std::string_view name) const {
  return net::FindQuery(query_, name);
}

Result<int> S3Request::IntQuery(std::string_view name, int otherwise, int most) const {
  const auto text = Query(name);
  if (!text || text->empty()) return otherwise;
  std::int64_t value = 0;
  const auto parsed = std::from_chars(text->data(), text->data() + text->size(), value);
  if (parsed.ec != std::errc() || parsed.ptr != text->data() + text->size() || value < 0) {
    return Fail(
        Error::Invalid("Provided " + std::string(name) + " not an integer or within integer range")
            .WithCode("InvalidArgument"));
  }
  return static_cast<int>(std::min<std::int64_t>(value, most));
}

std::optional<std::string> S3Request::Header(std::string_view name) const {
  const auto value = http_->headers.Get(name);
  if (!value) return std::nullopt;
  return std::string(*value);
}

}  // namespace ebb::buckets
