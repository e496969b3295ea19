// fc/error_response.h
// How FC tells a client what went wrong: status, code and JSON body.  The one table from our error
// kinds to HTTP.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "net/http.h"

namespace ebb::fc {

// The HTTP status for the kind of `error`.
int StatusOf(const Error& error);

// Error::code() when the error has one, else the kind's: "InvalidArgument", "AccessDenied", …
std::string CodeOf(const Error& error);

// What a body longer than `limit` is refused with.
Error EntityTooLarge(std::size_t limit);

// {"RequestId","Code","Message"} with x-fc-request-id and x-acs-request-id.
net::Response ErrorResponse(const Error& error, const std::string& request_id);

}  // namespace ebb::fc
