// buckets/s3_request.h
// What a request asks for, as S3 addresses it: bucket, key and query.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "buckets/object.h"
#include "model/account.h"
#include "net/http.h"

namespace ebb::buckets {

class S3Request {
 public:
  // kInvalid "InvalidURI" for a path that cannot be decoded; "InvalidBucketName", so also for "..".
  static Result<S3Request> Parse(net::Request& http, const std::vector<std::string>& host_suffixes);

  net::Request& http() const { return *http_; }
  const net::QueryPairs& query() const { return query_; }
  std::string bucket;  // Empty: none was named.
  std::string key;     // Empty: none was named.

  // Set by the door once the signature has been checked.
  model::Identity identity;
  std::string request_id;

  BucketName bucket_name() const { return {identity.account, bucket}; }
  ObjectName object_name() const { return {identity.account, bucket, key}; }
  Origin origin() const;

  bool HasQuery(std::string_view name) const { return Query(name).has_value(); }
  std::optional<std::string> Query(std::string_view name) const;
  // kInvalid "InvalidArgument" unless a number from 0 to `most`, or absent.  Larger ones are
  // `most`.
  Result<int> IntQuery(std::string_view name, int otherwise, int most) const;
  std::optional<std::string> Header(std::string_view name) const;

 private:
  net::Request* http_ = nullptr;
  net::QueryPairs query_;
};

}  // namespace ebb::buckets
