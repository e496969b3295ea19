// base/error.h
// Expected failures as values: Result<T> and the closed list of error kinds, by whose fault it is.
//
// A caller asks "what can I do?", never "what went wrong inside?".  Exceptions mean a bug; see
// check.h.
#pragma once

#include <expected>
#include <string>
#include <string_view>

namespace ebb {

enum class ErrorKind {
  kInvalid,          // Caller: fix the request.
  kDenied,           // Caller: get permission.
  kNotFound,         // Caller: correct the name.
  kConflict,         // Caller: read again, then retry.
  kThrottled,        // Caller's limit: wait as told, retry.  Not the tenant's attempt.
  kCancelled,        // The caller left.
  kFunctionFailed,   // Function: read its log.  Counts as an attempt, billed.
  kFunctionTimeout,  // Function: speed up or raise the limit.  Counts as an attempt, billed.
  kDeadline,         // Platform: time ran out before the function started.
  kUnavailable,      // Platform: retry with back-off.
  kInternal,         // Platform bug: report it.
};

std::string_view ToString(ErrorKind kind);

// True for the kinds that the function itself caused: they count as its attempt and are billed.
bool IsFunctionFault(ErrorKind kind);

class Error {
 public:
  Error(ErrorKind kind, std::string message) : kind_(kind), message_(std::move(message)) {}

  static Error Invalid(std::string m) { return {ErrorKind::kInvalid, std::move(m)}; }
  static Error Denied(std::string m) { return {ErrorKind::kDenied, std::move(m)}; }
  static Error NotFound(std::string m) { return {ErrorKind::kNotFound, std::move(m)}; }
  static Error Conflict(std::string m) { return {ErrorKind::kConflict, std::move(m)}; }
  static Error Throttled(std::string m) { return {ErrorKind::kThrottled, std::move(m)}; }
  static Error Cancelled(std::string m) { return {ErrorKind::kCancelled, std::move(m)}; }
  static Error FunctionFailed(std::string m) { return {ErrorKind::kFunctionFailed, std::move(m)}; }
  static Error FunctionTimeout(std::string m) {
    return {ErrorKind::kFunctionTimeout, std::move(m)};
  }
  static Error DeadlineExceeded(std::string m) { return {ErrorKind::kDeadline, std::move(m)}; }
  static Error Unavailable(std::string m) { return {ErrorKind::kUnavailable, std::move(m)}; }
  static Error Internal(std::string m) { return {ErrorKind::kInternal, std::move(m)}; }

  // An operating system failure: kUnavailable, "<what>: <strerror(number)>".
  static Error System(std::string_view what, int number);

  ErrorKind kind() const { return kind_; }
  const std::string& message() const { return message_; }  // Safe to show to a tenant.
  const std::string& detail() const { return detail_; }    // For our log only.

  // The code that a door's own protocol gives this failure, such as "FunctionNotFound" or
  // "NoSuchKey"; empty when the door should choose by kind.
  const std::string& code() const { return code_; }

  Error WithCode(std::string code) &&;
  Error WithDetail(std::string detail) &&;
  Error With(std::string_view context) const;  // Prefixes `detail` on the way up.

  std::string Describe() const;  // Kind, message and detail on one line, for logs.

 private:
  ErrorKind kind_;
  std::string message_;
  std::string detail_;
  std::string code_;
};

template <typename T>
using Result = std::expected<T, Error>;

inline std::unexpected<Error> Fail(Error error) { return std::unexpected<Error>(std::move(error)); }

}  // namespace ebb
