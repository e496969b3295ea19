// fc/http_event.h
// How an event function sees an HTTP request, and how what it returns becomes a response: FC's http
// trigger for built-in runtimes.
#pragma once

#include <string>

#include "base/clock.h"
#include "base/error.h"
#include "net/http.h"

namespace ebb::fc {

struct HttpEvent {
  const net::Request& request;
  std::string body;
  std::string account;
  std::string request_id;
  WallTime time;
};

// FC's http event, version v1, as JSON.  Text bodies go in as they are, others in base64.
std::string FormatHttpEvent(const HttpEvent& event);

// A JSON object with `statusCode` is a response of its own; anything else is the body of a 200.
// kFunctionFailed, code BadResponse, for a statusCode, headers or base64 body that cannot be one.
Result<net::Response> ParseHttpAnswer(const std::string& returned);

}  // namespace ebb::fc
