#include "api/operation.h"

#include <charconv>
#include <utility>

#include "base/encoding.h"
#include "base/time_format.h"

namespace ebb::api {

net::Response JsonAnswer(const json::object& body, int status) {
  net::Response response;
  response.status = status;
  response.headers.Add("Content-Type", "application/json; charset=utf-8");
  response.text = json::serialize(body);
  return response;
}

net::Response EmptyAnswer() {
  net::Response response;
  response.status = 204;
  return response;
}

std::unexpected<Error> Refuse(std::string message) {
  return Fail(Error::Invalid(std::move(message)).WithCode("InvalidArgument"));
}

Error AsInvalidArgument(const Error& error) {
  if (error.kind() != ErrorKind::kInvalid || !error.code().empty()) return error;
  Error named = error;
  return std::move(named).WithCode("InvalidArgument");
}

namespace {

// Above this, parsing takes longer than a millisecond and goes to the pool.
constexpr std::size_t kParseInPlace = 256 << 10;

Result<json::object> ParseText(const std::string& body) {
  if (body.empty()) return json::object();
  auto parsed = json::ParseObject(body);
  if (!parsed) return Refuse("the request body: " + parsed.error().message());
  return parsed;
}

}  // namespace

Result<json::object> ParseBody(const Ask& ask) { return ParseText(ask.body); }

Task<Result<json::object>> ParseLargeBody(const Setup& setup, Ask& ask) {
  const std::string body = std::exchange(ask.body, {});
  if (body.size() <= kParseInPlace) co_return ParseText(body);
  co_return co_await setup.services.pool.Run([&body] { return ParseText(body); });
}

std::optional<std::string> QueryText(const Ask& ask, std::string_view name) {
  auto found = net::FindQuery(ask.query, name);
  if (found && found->empty()) return std::nullopt;
  return found;
}

Result<int> QueryLimit(const Ask& ask) {
  const auto text = QueryText(ask, "limit");
  if (!text) return 20;
  int limit = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), limit);
  if (error != std::errc() || end != text->data() + text->size() || limit < 1 || limit > 100) {
    return Refuse("limit must be a number from 1 to 100");
  }
  return limit;
}

Result<bool> QueryFlag(const Ask& ask, std::string_view name, const char* otherwise) {
  const std::string text = QueryText(ask, name).value_or(otherwise);
  if (text != "true" && text != "false")
    return Refuse(std::string(name) + " must be true or false");
  return text == "true";
}

Result<std::optional<WallTime>> QueryTime(const Ask& ask, std::string_view name) {
  const auto text = QueryText(ask, name);
  if (!text) return std::nullopt;
  const auto time = base::ParseIso(*text);
  if (!time) return Refuse(std::string(name) + " must look like 2026-11-23T20:16:25Z");
  return time;
}

std::string FormatToken(std::string_view last) { return base::FormatBase64Url(last); }

Result<std::optional<std::string>> ParseToken(const Ask& ask) {
  const auto text = QueryText(ask, "nextToken");
  if (!text) return std::nullopt;
  auto token = base::ParseBase64Url(*text);
  if (!token) return Refuse("nextToken is not one that this server gave out");
  return token;
}

}  // namespace ebb::api
