// net/http_client.h
// HTTP/1.1 over a Stream: one request at a time on a kept connection.
#pragma once

#include <memory>
#include <string>

#include "net/http.h"

namespace ebb::net {

// Lives on the stream's io_context.  One exchange at a time.
class HttpConnection {
 public:
  explicit HttpConnection(std::unique_ptr<Stream> stream);
  ~HttpConnection();

  // Sends `request` (Host must be set) and reads the response's head; its body comes through
  // `Response::stream`, which must be read to its end (or dropped, which closes the connection)
  // before the next exchange.  `deadline` covers head and body.
  // Errors: kUnavailable the connection broke; kInvalid the answer is not HTTP; kDeadline.
  Task<Result<Response>> Exchange(Request request, Deadline deadline);

  bool reusable() const;  // The last exchange ended cleanly and the peer keeps the connection.
  Stream& stream();
  std::string TakeReceived();  // After a 101: what came behind it.

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace ebb::net
