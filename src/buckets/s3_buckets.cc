// S3's operations on buckets, and the settings of buckets and objects that clients ask for.
#include "base/time_format.h"
#include "buckets/s3_operations.h"

namespace ebb::buckets {
namespace {

void AddOwner(Xml& xml, const std::string& account) {
  xml.Begin("Owner");
  xml.Add("ID", account);
  xml.Add("DisplayName", account);
  xml.End();
}

net::Response OwnerHasFullControl(const std::string& account) {
  Xml xml("AccessControlPolicy");
  AddOwner(xml, account);
  xml.Begin("AccessControlList");
  xml.Begin("Grant");
  xml.Begin("Grantee");
  xml.Attribute("xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance");
  xml.Attribute("xsi:type", "CanonicalUser");
  xml.Add("ID", account);
  xml.Add("DisplayName", account);
  xml.End();
  xml.Add("Permission", "FULL_CONTROL");
  return XmlResponse(xml);
}

// A setting that nobody can make here, and so is as S3 says it of a bucket where nobody did.
struct Unset {
  const char* query;
  const char* root;  // Of the empty document that is the answer; nullptr: `code` is.
  const char* code;
};
constexpr Unset kUnset[] = {
    {"versioning", "VersioningConfiguration", nullptr},
    {"logging", "BucketLoggingStatus", nullptr},
    {"notification", "NotificationConfiguration", nullptr},
    {"accelerate", "AccelerateConfiguration", nullptr},
    {"policy", nullptr, "NoSuchBucketPolicy"},
    {"policyStatus", nullptr, "NoSuchBucketPolicy"},
    {"lifecycle", nullptr, "NoSuchLifecycleConfiguration"},
    {"cors", nullptr, "NoSuchCORSConfiguration"},
    {"tagging", nullptr, "NoSuchTagSet"},
    {"encryption", nullptr, "ServerSideEncryptionConfigurationNotFoundError"},
    {"website", nullptr, "NoSuchWebsiteConfiguration"},
    {"replication", nullptr, "ReplicationConfigurationNotFoundError"},
    {"object-lock", nullptr, "ObjectLockConfigurationNotFoundError"},
    {"publicAccessBlock", nullptr, "NoSuchPublicAccessBlockConfiguration"},
    {"ownershipControls", nullptr, "OwnershipControlsNotFoundError"}};

}  // namespace

net::Response XmlResponse(const Xml& xml) {
  net::Response response;
  response.headers.Set("Content-Type", "application/xml");
  response.text = xml.Format();
  return response;
}

Task<Result<net::Response>> ListBuckets(S3Services& services, const S3Request& request, Payload&) {
  auto buckets = co_await services.objects.ListBuckets(request.identity.account);
  if (!buckets) co_return Fail(buckets.error());
  Xml xml("ListAllMyBucketsResult");
  AddOwner(xml, request.identity.account);
  xml.Begin("Buckets");
  for (const Bucket& bucket : *buckets) {
    xml.Begin("Bucket");
    xml.Add("Name", bucket.name);
    xml.Add("CreationDate", base::FormatIsoMillis(bucket.created));
    xml.End();
  }
  co_return XmlResponse(xml);
}

Task<Result<net::Response>> CreateBucket(S3Services& services, const S3Request& request,
                                         Payload& payload) {
  // It may name a region; there is only one, whatever it is called.
  auto body = co_await payload.ReadAll(kMaxXmlBytes);
  if (!body) co_return Fail(body.error());
  if (!body->empty()) {
    if (auto xml = ParseXml(*body); !xml) co_return Fail(xml.error());
  }
  auto created = co_await services.objects.CreateBucket(request.bucket_name());
  if (!created) co_return Fail(created.error());
  net::Response response;
  response.headers.Set("Location", "/" + request.bucket);
  co_return response;
}

Task<Result<net::Response>> HeadBucket(S3Services& services, const S3Request& request, Payload&) {
  auto found = co_await services.objects.FindBucket(request.bucket_name());
  if (!found) co_return Fail(found.error());
  net::Response response;
  response.headers.Set("x-amz-bucket-region", services.region);
  co_return response;
}

Task<Result<net::Response>> DeleteBucket(S3Services& services, const S3Request& request, Payload&) {
  auto deleted = co_await services.objects.DeleteBucket(request.bucket_name());
  if (!deleted) co_return Fail(deleted.error());
  net::Response response;
  response.status = 204;
  co_return response;
}

Task<Result<net::Response>> GetBucketSetting(S3Services& services, const S3Request& request,
                                             Payload&) {
  auto found = co_await services.objects.FindBucket(request.bucket_name());
  if (!found) co_return Fail(found.error());
  if (request.HasQuery("acl")) co_return OwnerHasFullControl(request.identity.account);
  if (request.HasQuery("location")) {
    Xml xml("LocationConstraint");
    xml.Text(services.region);
    co_return XmlResponse(xml);
  }
  if (request.HasQuery("requestPayment")) {
    Xml xml("RequestPaymentConfiguration");
    xml.Add("Payer", "BucketOwner");
    co_return XmlResponse(xml);
  }
  for (const Unset& setting : kUnset) {
    if (!request.HasQuery(setting.query)) continue;
    if (setting.root != nullptr) co_return XmlResponse(Xml(setting.root));
    co_return Fail(
        Error::NotFound("The bucket has no " + std::string(setting.query) + " configuration.")
            .WithCode(setting.code));
  }
  co_return Fail(Error::Internal("a bucket setting is routed here that has no answer"));
}

Task<Result<net::Response>> GetObjectSetting(S3Services& services, const S3Request& request,
                                             Payload&) {
  auto found = co_await services.objects.Find(request.object_name());
  if (!found) co_return Fail(found.error());
  if (request.HasQuery("acl")) co_return OwnerHasFullControl(request.identity.account);
  Xml xml("Tagging");
  xml.Begin("TagSet");
  co_return XmlResponse(xml);
}

}  // namespace ebb::buckets
