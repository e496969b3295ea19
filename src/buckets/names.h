// buckets/names.h
// S3's rules for the names of buckets and objects.
#pragma once

#include <string>

#include "base/error.h"

namespace ebb::buckets {

// kInvalid "InvalidBucketName": 3 to 63 of a-z, 0-9, '-' and '.', a letter or digit at both ends,
// no "..", not like an IP address.
Result<void> CheckBucketName(const std::string& name);

// kInvalid "KeyTooLongError" beyond 1024 bytes, "InvalidArgument" for what is empty or not UTF-8
// text.  Any other text is a key: "..", "//" and a leading '/' mean nothing here.
Result<void> CheckKey(const std::string& key);

}  // namespace ebb::buckets
