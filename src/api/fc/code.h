// api/fc/code.h
// The code package of a function: taken in with CreateFunction and UpdateFunction, given out by
// GetFunctionCode as a URL that works for a while without a signature.
#pragma once

#include <optional>

#include "api/operation.h"
#include "packages/package_store.h"

namespace ebb::api {

// A URL under which the package of `hash` can be fetched for a while.
std::string CodeUrl(const Setup& setup, const Ask& ask, const std::string& hash);

// `code` of a create or an update: {zipFile} or {ossBucketName, ossObjectName}, and `checksum`.
// nullopt when it is null or empty.  kInvalid InvalidArgument, EntityTooLarge.
Task<Result<std::optional<packages::Package>>> TakeCode(const Setup& setup, std::string account,
                                                        json::value code);

Task<Answer> GetFunctionCode(const Setup& setup, Ask ask);

// Answers GET of such a URL, which carries its own right to be read.  nullopt for another path.
// `request_id` is for the error body.
Task<std::optional<Answer>> ServeCode(const Setup& setup, std::string method, std::string path,
                                      std::string query);

}  // namespace ebb::api
