#include "base/error.h"

#include <cstring>

namespace ebb {

std::string_view ToString(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kInvalid:
      return "invalid";
    case ErrorKind::kDenied:
      return "denied";
    case ErrorKind::kNotFound:
      return "not found";
    case ErrorKind::kConflict:
      return "conflict";
    case ErrorKind::kThrottled:
      return "throttled";
    case ErrorKind::kCancelled:
      return "cancelled";
    case ErrorKind::kFunctionFailed:
      return "function failed";
    case ErrorKind::kFunctionTimeout:
      return "function timeout";
    case ErrorKind::kDeadline:
      return "deadline";
    case ErrorKind::kUnavailable:
      return "unavailable";
    case ErrorKind::kInternal:
      return "internal";
  }
  return "internal";
}

bool IsFunctionFault(ErrorKind kind) {
  return kind == ErrorKind::kFunctionFailed || kind == ErrorKind::kFunctionTimeout;
}

Error Error::System(std::string_view what, int number) {
  char buffer[128];
  return Unavailable(std::string(what) + ": " + strerror_r(number, buffer, sizeof buffer));
}

Error Error::WithCode(std::string code) && {
  code_ = std::move(code);
  return std::move(*this);
}

Error Error::WithDetail(std::string detail) && {
  detail_ = std::move(detail);
  return std::move(*this);
}

Error Error::With(std::string_view context) const {
  Error copy = *this;
  copy.detail_ = detail_.empty() ? std::string(context) : std::string(context) + ": " + detail_;
  return copy;
}

std::string Error::Describe() const {
  std::string text = std::string(ToString(kind_)) + ": " + message_;
  if (!detail_.empty()) text += " (" + detail_ + ")";
  return text;
}

}  // namespace ebb
