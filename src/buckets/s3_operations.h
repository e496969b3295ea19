// buckets/s3_operations.h
// S3's operations, each one function: request in, response out.  s3_door.cc finds the right one.
#pragma once

#include "buckets/object_store.h"
#include "buckets/payload.h"
#include "buckets/s3_request.h"
#include "buckets/xml.h"
#include "net/http.h"

namespace ebb::buckets {

struct S3Services {
  ObjectStore& objects;
  std::string region;
};

// All arguments outlive the task: the door's own coroutine holds them.
using S3Operation = Task<Result<net::Response>> (*)(S3Services& services, const S3Request& request,
                                                    Payload& payload);

net::Response XmlResponse(const Xml& xml);
inline constexpr std::size_t kMaxXmlBytes = 4 << 20;  // 10,000 parts with checksums fit.

// --- s3_buckets.cc
Task<Result<net::Response>> ListBuckets(S3Services&, const S3Request&, Payload&);
Task<Result<net::Response>> CreateBucket(S3Services&, const S3Request&, Payload&);
Task<Result<net::Response>> HeadBucket(S3Services&, const S3Request&, Payload&);
Task<Result<net::Response>> DeleteBucket(S3Services&, const S3Request&, Payload&);
Task<Result<net::Response>> GetBucketSetting(S3Services&, const S3Request&, Payload&);
Task<Result<net::Response>> GetObjectSetting(S3Services&, const S3Request&, Payload&);

// --- s3_listing.cc
Task<Result<net::Response>> ListObjectsV1(S3Services&, const S3Request&, Payload&);
Task<Result<net::Response>> ListObjectsV2(S3Services&, const S3Request&, Payload&);

// --- s3_objects.cc
Task<Result<net::Response>> PutObject(S3Services&, const S3Request&, Payload&);
Task<Result<net::Response>> GetObject(S3Services&, const S3Request&, Payload&);  // And HEAD.
Task<Result<net::Response>> DeleteObject(S3Services&, const S3Request&, Payload&);
Task<Result<net::Response>> DeleteObjects(S3Services&, const S3Request&, Payload&);

// --- s3_copy.cc
Task<Result<net::Response>> CopyObject(S3Services&, const S3Request&, Payload&);
Task<Result<net::Response>> CopyPart(S3Services&, const S3Request&, Payload&);

// --- s3_multipart.cc
Task<Result<net::Response>> CreateUpload(S3Services&, const S3Request&, Payload&);
Task<Result<net::Response>> PutPart(S3Services&, const S3Request&, Payload&);
Task<Result<net::Response>> ListParts(S3Services&, const S3Request&, Payload&);
Task<Result<net::Response>> ListUploads(S3Services&, const S3Request&, Payload&);
Task<Result<net::Response>> CompleteUpload(S3Services&, const S3Request&, Payload&);
Task<Result<net::Response>> AbortUpload(S3Services&, const S3Request&, Payload&);

}  // namespace ebb::buckets
