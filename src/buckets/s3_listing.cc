// S3's two ways of listing a bucket.
#include "base/encoding.h"
#include "base/time_format.h"
#include "buckets/s3_headers.h"
#include "buckets/s3_operations.h"

namespace ebb::buckets {
namespace {

constexpr int kMaxKeys = 1000;  // S3's, of one page.

enum class Owner { kWith, kWithout };

// Writes what the two versions have in common.
class ListingXml {
 public:
  explicit ListingXml(const S3Request& request)
      : xml("ListBucketResult"), request_(request), url_(request.Query("encoding-type") == "url") {
    xml.Add("Name", request.bucket);
    AddText("Prefix", request.Query("prefix").value_or(""));
    if (request.HasQuery("delimiter")) AddText("Delimiter", *request.Query("delimiter"));
    if (url_) xml.Add("EncodingType", "url");
  }

  // For names of objects: XML cannot hold every character, so clients may ask for them encoded.
  void AddText(const char* name, const std::string& text) {
    xml.Add(name, url_ ? base::FormatPercent(text, base::Slash::kKeep) : text);
  }

  void AddListing(const Listing& listing, Owner owner) {
    xml.Add("IsTruncated", listing.truncated);
    for (const Object& object : listing.objects) {
      xml.Begin("Contents");
      AddText("Key", object.key);
      xml.Add("LastModified", base::FormatIsoMillis(object.modified));
      xml.Add("ETag", Quoted(object.etag));
      xml.Add("Size", static_cast<std::int64_t>(object.bytes));
      if (owner == Owner::kWith) AddOwner();
      xml.Add("StorageClass", "STANDARD");
      xml.End();
    }
    for (const std::string& prefix : listing.common_prefixes) {
      xml.Begin("CommonPrefixes");
      AddText("Prefix", prefix);
      xml.End();
    }
  }

  Xml xml;

 private:
  void AddOwner() {
    xml.Begin("Owner");
    xml.Add("ID", request_.identity.account);
    xml.Add("DisplayName", request_.identity.account);
    xml.End();
  }

  const S3Request& request_;
  const bool url_;
};

Result<ListOptions> ReadOptions(const S3Request& request) {
  const auto limit = request.IntQuery("max-keys", kMaxKeys, kMaxKeys);
  if (!limit) return Fail(limit.error());
  const std::string encoding = request.Query("encoding-type").value_or("url");
  if (encoding != "url") {
    return Fail(
        Error::Invalid("Invalid Encoding Method specified in Request").WithCode("InvalidArgument"));
  }
  return ListOptions{.prefix = request.Query("prefix").value_or(""),
                     .delimiter = request.Query("delimiter").value_or(""),
                     .after = {},
                     .limit = *limit};
}

}  // namespace

Task<Result<net::Response>> ListObjectsV1(S3Services& services, const S3Request& request,
                                          Payload&) {
  auto options = ReadOptions(request);
  if (!options) co_return Fail(options.error());
  options->after = request.Query("marker").value_or("");
  auto listing = co_await services.objects.List(request.bucket_name(), *options);
  if (!listing) co_return Fail(listing.error());
  ListingXml out(request);
  out.AddText("Marker", options->after);
  if (listing->truncated) out.AddText("NextMarker", listing->next);
  out.xml.Add("MaxKeys", std::int64_t{options->limit});
  out.AddListing(*listing, Owner::kWith);
  co_return XmlResponse(out.xml);
}

Task<Result<net::Response>> ListObjectsV2(S3Services& services, const S3Request& request,
                                          Payload&) {
  auto options = ReadOptions(request);
  if (!options) co_return Fail(options.error());
  options->after = request.Query("start-after").value_or("");
  const auto token = request.Query("continuation-token");
  if (token) {
    auto after = base::ParseBase64Url(*token);
    if (!after || after->empty()) {
      co_return Fail(Error::Invalid("The continuation token provided is incorrect")
                         .WithCode("InvalidArgument"));
    }
    options->after = std::move(*after);
  }
  auto listing = co_await services.objects.List(request.bucket_name(), *options);
  if (!listing) co_return Fail(listing.error());
  ListingXml out(request);
  if (token) out.xml.Add("ContinuationToken", *token);
  if (request.HasQuery("start-after")) out.AddText("StartAfter", *request.Query("start-after"));
  if (listing->truncated) {
    out.xml.Add("NextContinuationToken", base::FormatBase64Url(listing->next));
  }
  out.xml.Add("MaxKeys", std::int64_t{options->limit});
  out.xml.Add("KeyCount",
              static_cast<std::int64_t>(listing->objects.size() + listing->common_prefixes.size()));
  const bool owner = request.Query("fetch-owner") == "true";
  out.AddListing(*listing, owner ? Owner::kWith : Owner::kWithout);
  co_return XmlResponse(out.xml);
}

}  // namespace ebb::buckets
