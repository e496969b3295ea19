#include "buckets/s3_door.h"

#include <algorithm>
#include <array>

#include "base/log.h"
#include "buckets/s3_error.h"
#include "buckets/s3_headers.h"
#include "buckets/s3_operations.h"

namespace ebb::buckets {
namespace {

enum class Target { kService, kBucket, kObject };

struct Rule {
  Target target;
  std::string_view method;
  const char* query;  // The parameter that asks for it; nullptr: none is needed.
  S3Operation operation;
  const char* header = nullptr;  // One that must be there as well.
};

// The first that fits is taken.
constexpr Rule kRules[] = {{Target::kService, "GET", nullptr, ListBuckets},

                           {Target::kBucket, "GET", "list-type", ListObjectsV2},
                           {Target::kBucket, "GET", "uploads", ListUploads},
                           {Target::kBucket, "GET", "location", GetBucketSetting},
                           {Target::kBucket, "GET", "versioning", GetBucketSetting},
                           {Target::kBucket, "GET", "acl", GetBucketSetting},
                           {Target::kBucket, "GET", "policy", GetBucketSetting},
                           {Target::kBucket, "GET", "policyStatus", GetBucketSetting},
                           {Target::kBucket, "GET", "lifecycle", GetBucketSetting},
                           {Target::kBucket, "GET", "cors", GetBucketSetting},
                           {Target::kBucket, "GET", "tagging", GetBucketSetting},
                           {Target::kBucket, "GET", "encryption", GetBucketSetting},
                           {Target::kBucket, "GET", "website", GetBucketSetting},
                           {Target::kBucket, "GET", "replication", GetBucketSetting},
                           {Target::kBucket, "GET", "object-lock", GetBucketSetting},
                           {Target::kBucket, "GET", "publicAccessBlock", GetBucketSetting},
                           {Target::kBucket, "GET", "ownershipControls", GetBucketSetting},
                           {Target::kBucket, "GET", "logging", GetBucketSetting},
                           {Target::kBucket, "GET", "notification", GetBucketSetting},
                           {Target::kBucket, "GET", "accelerate", GetBucketSetting},
                           {Target::kBucket, "GET", "requestPayment", GetBucketSetting},
                           {Target::kBucket, "GET", nullptr, ListObjectsV1},
                           {Target::kBucket, "HEAD", nullptr, HeadBucket},
                           {Target::kBucket, "PUT", nullptr, CreateBucket},
                           {Target::kBucket, "DELETE", nullptr, DeleteBucket},
                           {Target::kBucket, "POST", "delete", DeleteObjects},

                           {Target::kObject, "GET", "uploadId", ListParts},
                           {Target::kObject, "GET", "acl", GetObjectSetting},
                           {Target::kObject, "GET", "tagging", GetObjectSetting},
                           {Target::kObject, "GET", nullptr, GetObject},
                           {Target::kObject, "HEAD", nullptr, GetObject},
                           {Target::kObject, "PUT", "uploadId", CopyPart, "x-amz-copy-source"},
                           {Target::kObject, "PUT", "uploadId", PutPart},
                           {Target::kObject, "PUT", nullptr, CopyObject, "x-amz-copy-source"},
                           {Target::kObject, "PUT", nullptr, PutObject},
                           {Target::kObject, "POST", "uploads", CreateUpload},
                           {Target::kObject, "POST", "uploadId", CompleteUpload},
                           {Target::kObject, "DELETE", "uploadId", AbortUpload},
                           {Target::kObject, "DELETE", nullptr, DeleteObject}};

// Parameters that make a request something else than it would be without them.  One of these that
// no rule asked for must not be taken for a plain put, get or delete.
constexpr std::string_view kSubresources[] = {"accelerate",
                                              "acl",
                                              "analytics",
                                              "attributes",
                                              "cors",
                                              "delete",
                                              "encryption",
                                              "intelligent-tiering",
                                              "inventory",
                                              "legal-hold",
                                              "lifecycle",
                                              "location",
                                              "logging",
                                              "metrics",
                                              "notification",
                                              "object-lock",
                                              "ownershipControls",
                                              "partNumber",
                                              "policy",
                                              "policyStatus",
                                              "publicAccessBlock",
                                              "replication",
                                              "requestPayment",
                                              "restore",
                                              "retention",
                                              "select",
                                              "session",
                                              "tagging",
                                              "torrent",
                                              "uploadId",
                                              "uploads",
                                              "versioning",
                                              "versions",
                                              "website",
                                              "append"};

Target TargetOf(const S3Request& request) {
  if (request.bucket.empty()) return Target::kService;
  return request.key.empty() ? Target::kBucket : Target::kObject;
}

Result<const Rule*> Route(const S3Request& request) {
  const std::string version = request.Query("versionId").value_or("null");
  if (version != "null") {
    return Fail(Error::NotFound("There are no versions.").WithCode("NoSuchVersion"));
  }
  const Target target = TargetOf(request);
  const bool special = std::ranges::any_of(
      kSubresources, [&](std::string_view name) { return request.HasQuery(name); });
  bool method_known = false;
  for (const Rule& rule : kRules) {
    if (rule.target != target || rule.method != request.http().method) continue;
    method_known = true;
    if (rule.header != nullptr && !request.Header(rule.header)) continue;
    if (rule.query != nullptr ? request.HasQuery(rule.query) : !special) return &rule;
  }
  if (method_known) {
    return Fail(Error::Invalid("This operation on a bucket or object is not implemented.")
                    .WithCode("NotImplemented"));
  }
  return Fail(Error::Invalid("The specified method is not allowed against this resource.")
                  .WithCode("MethodNotAllowed"));
}

}  // namespace

struct S3Door::State {
  S3Config config;
  S3Services services;
  FindCredential find_credential;
  const Clock& clock;
  Random& random;

  Task<Result<net::Response>> Answer(net::Request& http, const std::string& request_id) {
    auto request = S3Request::Parse(http, config.virtual_host_suffixes);
    if (!request) co_return Fail(request.error());
    request->request_id = request_id;
    auto proof = Authenticate(*request, find_credential, clock.WallNow());
    if (!proof) co_return Fail(proof.error());
    request->identity = proof->identity;
    const auto rule = Route(*request);
    if (!rule) co_return Fail(rule.error());
    if (auto honest = RefuseWhatIsNotDone(*request); !honest) co_return Fail(honest.error());
    auto payload = Payload::Make(*request, *proof);
    if (!payload) co_return Fail(payload.error());
    // There they speak of the object that is to become of the parts, not of this body.
    if ((*rule)->operation != CompleteUpload) {
      if (auto used = payload->UseChecksumHeaders(*request); !used) co_return Fail(used.error());
    }
    co_return co_await (*rule)->operation(services, *request, *payload);
  }
};

S3Door::S3Door(S3Config config, ObjectStore& objects, FindCredential find_credential,
               const Clock& clock, Random& random)
    : state_(std::make_unique<State>(State{.config = config,
                                           .services = {objects, config.region},
                                           .find_credential = std::move(find_credential),
                                           .clock = clock,
                                           .random = random})) {}
S3Door::~S3Door() = default;

Task<net::Response> S3Door::Handle(net::Request& request) {
  const std::string id = MakeRequestId(state_->clock, state_->random);
  const bool expects = request.headers.Has("expect");
  const bool empty = request.body->length() == 0u;
  auto answer = co_await state_->Answer(request, id);
  net::Response response;
  if (answer) {
    response = std::move(*answer);
  } else {
    if (S3StatusOf(answer.error()) >= 500 && S3StatusOf(answer.error()) != 501) {
      log::Warn("s3 request failed",
                {{"request", id}, {"path", request.path}, {"error", answer.error()}});
    }
    response = ToS3Response(answer.error(), request.path, id);
  }
  if (request.method == "HEAD" && !answer) response.text.clear();
  response.headers.Set("x-amz-request-id", id);
  response.headers.Set("Server", "Ebb");
  // botocore, once it has got an answer instead of "100 Continue", takes that answer's status for
  // the next one's too, for as long as the connection lasts.  S3 closes it as well.
  if (expects && (empty || !answer)) response.headers.Set("Connection", "close");
  co_return response;
}

}  // namespace ebb::buckets
