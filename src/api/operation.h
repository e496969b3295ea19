// api/operation.h
// What every operation of the management API is given and gives back.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/api_door.h"
#include "base/json.h"
#include "model/account.h"
#include "net/http.h"

namespace ebb::api {

// What operations work with.  Borrowed; outlives them.
struct Setup {
  Services services;
  Config config;
  std::string code_url_key;  // Signs code URLs; a new one each time the server starts.
  TimePoint started;
};

// One request whose signature has been checked.
struct Ask {
  std::string request_id;
  std::string account;
  std::vector<std::string> names;  // What stood in the path's placeholders, percent-decoded.
  net::QueryPairs query;
  net::Headers headers;
  std::string body;
};

using Answer = Result<net::Response>;
// Ask by value: it must outlive every suspension.
using Operation = Task<Answer> (*)(const Setup& setup, Ask ask);

net::Response JsonAnswer(const json::object& body, int status = 200);
net::Response EmptyAnswer();  // 204.

// kInvalid with code InvalidArgument: the one way in which an operation refuses its input.
std::unexpected<Error> Refuse(std::string message);
// Makes kInvalid errors of parsers and validators FC's InvalidArgument.
Error AsInvalidArgument(const Error& error);

// The body as a JSON object; an empty body is an empty object.
Result<json::object> ParseBody(const Ask& ask);
// The same for operations whose body may hold a code package; takes the body out of `ask`.
Task<Result<json::object>> ParseLargeBody(const Setup& setup, Ask& ask);

// Query parameters.  Absent or empty is nullopt.
std::optional<std::string> QueryText(const Ask& ask, std::string_view name);
// `limit`: 1 to 100, 20 when absent.
Result<int> QueryLimit(const Ask& ask);
// "true" or "false", `otherwise` when absent.
Result<bool> QueryFlag(const Ask& ask, std::string_view name, const char* otherwise = "false");
// ISO 8601 with Z.
Result<std::optional<WallTime>> QueryTime(const Ask& ask, std::string_view name);

// Where a list goes on: opaque to clients.
std::string FormatToken(std::string_view last);
Result<std::optional<std::string>> ParseToken(const Ask& ask);  // Of `nextToken`.

}  // namespace ebb::api
