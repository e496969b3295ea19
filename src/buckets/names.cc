#include "buckets/names.h"

#include <algorithm>

#include "base/encoding.h"

namespace ebb::buckets {
namespace {

bool IsLowerOrDigit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

bool LooksLikeAddress(const std::string& name) {
  return std::ranges::count(name, '.') == 3 &&
         std::ranges::all_of(name, [](char c) { return c == '.' || (c >= '0' && c <= '9'); });
}

}  // namespace

Result<void> CheckBucketName(const std::string& name) {
  const bool good =
      name.size() >= 3 && name.size() <= 63 &&
      std::ranges::all_of(name, [](char c) { return IsLowerOrDigit(c) || c == '-' || c == '.'; }) &&
      IsLowerOrDigit(name.front()) && IsLowerOrDigit(name.back()) && !name.contains("..") &&
      !LooksLikeAddress(name);
  if (good) return {};
  return Fail(Error::Invalid("The specified bucket is not valid: 3 to 63 characters of a-z, 0-9, "
                             "'-' and '.', with a letter or digit at both ends.")
                  .WithCode("InvalidBucketName"));
}

Result<void> CheckKey(const std::string& key) {
  if (key.size() > 1024) {
    return Fail(
        Error::Invalid("Your key is too long: at most 1024 bytes.").WithCode("KeyTooLongError"));
  }
  if (key.empty() || !base::IsUtf8(key) || key.contains('\0')) {
    return Fail(
        Error::Invalid("A key must be UTF-8 text of 1 to 1024 bytes.").WithCode("InvalidArgument"));
  }
  return {};
}

}  // namespace ebb::buckets
