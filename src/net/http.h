// net/http.h
// HTTP messages as every door sees them: values, with bodies that are read or written in pieces.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "net/stream.h"
#include "net/task.h"

namespace ebb::net {

// Header fields in the order they came.  Names compare without regard to case.
class Headers {
 public:
  void Add(std::string name, std::string value);
  void Set(std::string name, std::string value);  // Replaces every field of that name.
  void Remove(std::string_view name);
  std::optional<std::string_view> Get(std::string_view name) const;  // The first one.
  std::string GetJoined(std::string_view name) const;                // All, joined by ",".
  bool Has(std::string_view name) const { return Get(name).has_value(); }

  auto begin() const { return fields_.begin(); }
  auto end() const { return fields_.end(); }
  std::size_t size() const { return fields_.size(); }

 private:
  std::vector<std::pair<std::string, std::string>> fields_;
};

// A body that is read in pieces, once.
class Body {
 public:
  virtual ~Body() = default;
  // The next bytes; 0 at the end.  Errors: kInvalid the framing is broken or the body is cut short;
  // kUnavailable the connection broke; kDeadline.
  virtual Task<Result<std::size_t>> Read(std::span<char> into) = 0;
  // Content-Length, or nullopt for a chunked body.
  virtual std::optional<std::uint64_t> length() const = 0;
};

// Everything that is left of `body`.  kInvalid with code "EntityTooLarge" beyond `limit` bytes.
Task<Result<std::string>> ReadAll(Body& body, std::size_t limit);

std::unique_ptr<Body> MakeStringBody(std::string bytes);

struct Request {
  std::string method;  // As sent: "GET".
  std::string target;  // As sent: "/a%20b?x=1".
  std::string path;    // Of the target, still percent-encoded: "/a%20b".
  std::string query;   // Of the target, still percent-encoded, without '?': "x=1".
  Headers headers;
  std::string peer;  // "127.0.0.1:51234".
  // Never null.  A client that sent "Expect: 100-continue" is told to go on by the first Read.
  std::unique_ptr<Body> body;
  bool upgrade = false;  // Of a client: says "Connection: Upgrade"; what to is a header field.
};

struct Response {
  int status = 200;
  Headers headers;               // Content-Length and Transfer-Encoding are set by the sender.
  std::string text;              // The body, unless `stream` is set.
  std::unique_ptr<Body> stream;  // Sent in pieces: by length if it has one, else chunked.
  // With status 101 only: what goes on with the connection after the response, until it returns;
  // then it closes.  `received` came behind the request.  Cancelled as a handler is.
  std::function<Task<void>(Stream& stream, std::string received)> upgrade;
};

// name=value pairs of a query string, both percent-decoded ('+' is a space), in order.  A name
// without '=' has an empty value.
using QueryPairs = std::vector<std::pair<std::string, std::string>>;
QueryPairs ParseQuery(std::string_view query);
std::optional<std::string> FindQuery(const QueryPairs& pairs, std::string_view name);

}  // namespace ebb::net
