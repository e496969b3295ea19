#include "buckets/s3_error.h"

#include <map>

#include "buckets/xml.h"

namespace ebb::buckets {
namespace {

// Those whose status does not follow from the kind of error.
const std::map<std::string, int>& StatusByCode() {
  static const std::map<std::string, int> kStatus = {
      {"PreconditionFailed", 412}, {"MissingContentLength", 411}, {"MethodNotAllowed", 405},
      {"NotImplemented", 501},     {"InvalidRange", 416},         {"InternalError", 500},
      {"InsufficientStorage", 507}};
  return kStatus;
}

}  // namespace

std::string S3CodeOf(const Error& error) {
  if (!error.code().empty()) return error.code();
  switch (error.kind()) {
    case ErrorKind::kInvalid:
      return "InvalidRequest";
    case ErrorKind::kDenied:
      return "AccessDenied";
    case ErrorKind::kNotFound:
      return "NoSuchKey";
    case ErrorKind::kConflict:
      return "OperationAborted";
    case ErrorKind::kThrottled:
    case ErrorKind::kUnavailable:
      return "ServiceUnavailable";
    case ErrorKind::kDeadline:
      return "RequestTimeout";
    default:
      return "InternalError";
  }
}

int S3StatusOf(const Error& error) {
  const auto found = StatusByCode().find(S3CodeOf(error));
  if (found != StatusByCode().end()) return found->second;
  switch (error.kind()) {
    case ErrorKind::kInvalid:
    case ErrorKind::kDeadline:  // The client was too slow with its body.
      return 400;
    case ErrorKind::kDenied:
      return 403;
    case ErrorKind::kNotFound:
      return 404;
    case ErrorKind::kConflict:
      return 409;
    case ErrorKind::kThrottled:
    case ErrorKind::kUnavailable:
      return 503;
    default:
      return 500;
  }
}

net::Response ToS3Response(const Error& error, const std::string& resource,
                           const std::string& request_id) {
  Xml xml("Error", Xml::Namespace::kNone);
  xml.Add("Code", S3CodeOf(error));
  xml.Add("Message", error.message());
  xml.Add("Resource", resource);
  xml.Add("RequestId", request_id);
  net::Response response;
  response.status = S3StatusOf(error);
  response.headers.Set("Content-Type", "application/xml");
  response.text = xml.Format();
  return response;
}

}  // namespace ebb::buckets
