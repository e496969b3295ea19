#include "fc/http_event.h"

#include <algorithm>
#include <array>
#include <map>

#include "base/encoding.h"
#include "base/json.h"
#include "base/time_format.h"

namespace ebb::fc {
namespace {

// FC's list of what is text; everything else, and nothing at all, is base64.
constexpr std::array kTextTypes = {"application/json",      "application/ld+json",
                                   "application/xhtml+xml", "application/xml",
                                   "application/atom+xml",  "application/javascript"};

bool IsText(std::string_view content_type) {
  std::string type(content_type.substr(0, content_type.find(';')));
  std::erase(type, ' ');
  std::ranges::transform(type, type.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return type.starts_with("text/") || std::ranges::find(kTextTypes, type) != kTextTypes.end();
}

// "content-type" to "Content-Type".
std::string Canonical(std::string_view name) {
  std::string out(name);
  bool upper = true;
  for (char& c : out) {
    const auto byte = static_cast<unsigned char>(c);
    c = static_cast<char>(upper ? std::toupper(byte) : std::tolower(byte));
    upper = c == '-';
  }
  return out;
}

void AddJoined(json::object& to, const std::string& name, const std::string& value) {
  if (json::value* there = to.if_contains(name)) {
    there->get_string().append("," + value);
  } else {
    to[name] = value;
  }
}

std::string HostOf(const net::Request& request) {
  const std::string_view host = request.headers.Get("Host").value_or("");
  return std::string(host.substr(0, host.find(':')));
}

// Headers are bytes, JSON is UTF-8.
std::string Utf8(std::string_view text) {
  std::string out(text);
  if (base::IsUtf8(out)) return out;
  for (char& c : out) {
    if (static_cast<unsigned char>(c) > 0x7f) c = '?';
  }
  return out;
}

std::unexpected<Error> BadResponse(std::string why) {
  return Fail(Error::FunctionFailed("the function's response cannot be sent: " + std::move(why))
                  .WithCode("BadResponse"));
}

std::string TextOf(const json::value& value) {
  return value.is_string() ? std::string(value.get_string()) : json::serialize(value);
}

bool IsToken(std::string_view name) {
  constexpr std::string_view kOthers = "!#$%&'*+-.^_`|~";
  return !name.empty() && std::ranges::all_of(name, [&](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || kOthers.contains(c);
  });
}

Result<void> AddHeader(net::Headers& headers, std::string_view name, const json::value& value) {
  if (value.is_array()) {  // Several fields of one name, such as Set-Cookie.
    for (const json::value& one : value.get_array()) {
      if (auto ok = AddHeader(headers, name, one); !ok) return ok;
    }
    return {};
  }
  std::string text = TextOf(value);
  // A line end in here would let the function's input write headers of its own.
  const bool clean =
      std::ranges::none_of(text, [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
  if (!IsToken(name) || !clean) return BadResponse("header '" + std::string(name) + "' is invalid");
  headers.Add(std::string(name), std::move(text));
  return {};
}

Result<int> StatusIn(const json::value& code) {
  std::int64_t status = 0;
  if (code.is_string()) {
    for (const char c : code.get_string()) {
      status = c >= '0' && c <= '9' && status < 1000 ? status * 10 + (c - '0') : 1000;
    }
  } else {
    boost::system::error_code failed;
    status = code.is_number() ? code.to_number<std::int64_t>(failed) : 0;
    if (failed) status = 0;
  }
  if (status < 200 || status > 599) return BadResponse("statusCode must be from 200 to 599");
  return static_cast<int>(status);
}

Result<net::Response> FromAnswer(const json::object& answer) {
  net::Response response;
  auto status = StatusIn(answer.at("statusCode"));
  if (!status) return Fail(status.error());
  response.status = *status;
  if (const json::value* headers = answer.if_contains("headers");
      headers != nullptr && !headers->is_null()) {
    if (!headers->is_object()) return BadResponse("headers must be an object");
    for (const auto& [name, value] : headers->get_object()) {
      if (auto ok = AddHeader(response.headers, name, value); !ok) return Fail(ok.error());
    }
  }
  if (!response.headers.Has("Content-Type")) {
    response.headers.Add("Content-Type", "application/json");
  }
  const json::value* body = answer.if_contains("body");
  if (body == nullptr || body->is_null()) return response;
  response.text = TextOf(*body);
  const json::value* encoded = answer.if_contains("isBase64Encoded");
  if (encoded == nullptr || !encoded->is_bool() || !encoded->get_bool()) return response;
  auto bytes = base::ParseBase64(response.text);
  if (!bytes) return BadResponse("the body is not base64, although isBase64Encoded is true");
  response.text = *std::move(bytes);
  return response;
}

}  // namespace

std::string FormatHttpEvent(const HttpEvent& event) {
  const net::Request& request = event.request;
  json::object headers;
  for (const auto& [name, value] : request.headers) {
    AddJoined(headers, Canonical(name), Utf8(value));
  }
  json::object query;
  for (const auto& [name, value] : net::ParseQuery(request.query)) {
    AddJoined(query, Utf8(name), Utf8(value));
  }
  const bool text =
      IsText(request.headers.Get("Content-Type").value_or("")) && base::IsUtf8(event.body);
  const std::string host = HostOf(request);
  const std::string path = base::ParsePercent(request.path).value_or(request.path);
  const json::object out{
      {"version", "v1"},
      {"rawPath", request.path},
      {"body", text ? event.body : base::FormatBase64(event.body)},
      {"isBase64Encoded", !text},
      {"headers", std::move(headers)},
      {"queryParameters", std::move(query)},
      {"requestContext",
       json::object{
           {"accountId", event.account},
           {"domainName", host},
           {"domainPrefix", host.substr(0, host.find('.'))},
           {"http",
            json::object{{"method", request.method},
                         {"path", Utf8(path)},
                         {"protocol", "HTTP/1.1"},
                         {"sourceIp", request.peer.substr(0, request.peer.rfind(':'))},
                         {"userAgent", Utf8(request.headers.Get("User-Agent").value_or(""))}}},
           {"requestId", event.request_id},
           {"time", base::FormatIso(event.time)},
           {"timeEpoch", std::to_string(ToUnixMillis(event.time))}}}};
  return json::serialize(out);
}

Result<net::Response> ParseHttpAnswer(const std::string& returned) {
  // Most of what is not an object is seen by its first byte, before parsing megabytes.
  const std::size_t first = returned.find_first_not_of(" \t\r\n");
  if (first != std::string::npos && returned[first] == '{') {
    auto answer = json::ParseObject(returned);
    if (answer && answer->contains("statusCode")) return FromAnswer(*answer);
  }
  net::Response response;
  response.headers.Add("Content-Type", "application/json");
  response.text = returned;
  return response;
}

}  // namespace ebb::fc
