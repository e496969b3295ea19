#include "fc/error_response.h"

#include "base/json.h"

namespace ebb::fc {
namespace {

struct Mapping {
  int status;
  const char* code;
};

// CONVENTIONS 5, "by whose fault it is".  499 is nginx's and FC's: nobody is left to read it.
Mapping MappingOf(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kInvalid:
      return {400, "InvalidArgument"};
    case ErrorKind::kDenied:
      return {403, "AccessDenied"};
    case ErrorKind::kNotFound:
      return {404, "NotFound"};
    case ErrorKind::kConflict:
      return {409, "ConcurrentUpdateError"};
    case ErrorKind::kThrottled:
      return {429, "ResourceExhausted"};
    case ErrorKind::kCancelled:
      return {499, "ClientClosedRequest"};
    case ErrorKind::kFunctionFailed:
      return {502, "BadResponse"};
    case ErrorKind::kFunctionTimeout:
      return {504, "FunctionTimeout"};
    case ErrorKind::kDeadline:
      return {504, "DeadlineExceeded"};
    case ErrorKind::kUnavailable:
      return {503, "ServiceUnavailable"};
    case ErrorKind::kInternal:
      return {500, "InternalServerError"};
  }
  return {500, "InternalServerError"};
}

}  // namespace

int StatusOf(const Error& error) { return MappingOf(error.kind()).status; }

std::string CodeOf(const Error& error) {
  return error.code().empty() ? MappingOf(error.kind()).code : error.code();
}

Error EntityTooLarge(std::size_t limit) {
  return Error::Invalid("payload size exceeds maximum allowed size (" + std::to_string(limit) +
                        " bytes)")
      .WithCode("EntityTooLarge");
}

net::Response ErrorResponse(const Error& error, const std::string& request_id) {
  net::Response response;
  response.status = StatusOf(error);
  response.headers.Add("Content-Type", "application/json; charset=utf-8");
  response.headers.Add("x-fc-request-id", request_id);
  response.headers.Add("x-acs-request-id", request_id);
  response.text = json::serialize(json::object{
      {"RequestId", request_id}, {"Code", CodeOf(error)}, {"Message", error.message()}});
  return response;
}

}  // namespace ebb::fc
