// buckets/s3_error.h
// Failures as S3 says them: a code, its HTTP status and a small XML document.
#pragma once

#include <string>

#include "base/error.h"
#include "net/http.h"

namespace ebb::buckets {

// S3's code: the error's own, or one by its kind.
std::string S3CodeOf(const Error& error);
int S3StatusOf(const Error& error);

// `resource` is the path that was asked for.
net::Response ToS3Response(const Error& error, const std::string& resource,
                           const std::string& request_id);

}  // namespace ebb::buckets
