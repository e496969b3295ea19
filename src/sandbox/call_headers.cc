#include "sandbox/call_headers.h"

#include <utility>

#include "base/json.h"

namespace ebb::sandbox {
namespace {

// A member of the context as text, whatever it is.
std::string Text(const json::object& from, std::string_view name) {
  const json::value* value = from.if_contains(name);
  if (value == nullptr || value->is_null()) return {};
  return value->is_string() ? std::string(value->get_string()) : json::serialize(*value);
}

void AddHeader(net::Headers& headers, std::string name, std::string value) {
  if (!value.empty()) headers.Set(std::move(name), std::move(value));
}

}  // namespace

net::Headers MakeCallHeaders(const Spec& spec, const Call& call) {
  const json::object context =
      json::ParseObject(spec.context_json.empty() ? "{}" : spec.context_json)
          .value_or(json::object());
  const auto part = [&](std::string_view name) {
    const json::value* value = context.if_contains(name);
    return value != nullptr && value->is_object() ? value->get_object() : json::object();
  };
  const json::object function = part("function");
  const json::object service = part("service");
  net::Headers headers;
  headers.Set("Content-Type", "application/octet-stream");
  AddHeader(headers, "x-fc-request-id", call.request_id);
  AddHeader(headers, "x-fc-access-key-id", call.access_key_id);
  AddHeader(headers, "x-fc-access-key-secret", call.access_key_secret);
  AddHeader(headers, "x-fc-security-token", call.security_token);
  AddHeader(headers, "x-fc-function-name", Text(function, "name"));
  AddHeader(headers, "x-fc-function-handler", Text(function, "handler"));
  AddHeader(headers, "x-fc-function-memory", Text(function, "memory"));
  AddHeader(headers, "x-fc-function-timeout", Text(function, "timeout"));
  AddHeader(headers, "x-fc-region", Text(context, "region"));
  AddHeader(headers, "x-fc-account-id", Text(context, "accountId"));
  AddHeader(headers, "x-fc-qualifier", Text(service, "qualifier"));
  AddHeader(headers, "x-fc-version-id", Text(service, "versionId"));
  AddHeader(headers, "x-fc-service-name", Text(service, "name"));
  AddHeader(headers, "x-fc-service-logproject", Text(service, "logProject"));
  AddHeader(headers, "x-fc-service-logstore", Text(service, "logStore"));
  headers.Set("x-fc-retry-count", std::to_string(call.retry_count));
  return headers;
}

}  // namespace ebb::sandbox
