// cli/client.h
// Talks to a server's management port: signed requests, answers as values.
//
// Every call blocks until it is answered: a command does one thing at a time.  There is no limit on
// the time that an answer may take, because a function may run for a day; Ctrl-C ends it.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "base/random.h"
#include "cli/place.h"
#include "net/http.h"
#include "net/web_socket.h"

namespace ebb::cli {

struct Ask {
  std::string method = "GET";
  std::string path = "/";  // Encoded: "/2023-03-30/functions".
  std::vector<std::pair<std::string, std::string>>
      query;  // Not encoded; empty values are left out.
  net::Headers headers;
  std::string body;
  std::string content_type = "application/json; charset=utf-8";  // Sent when there is a body.
  std::function<void(std::size_t sent)> on_sent;                 // As the body goes out.
};

struct Answer {
  int status = 0;
  net::Headers headers;
  std::string body;
};

class Client {
 public:
  Client(Place place, const Clock& clock, Random& random);
  ~Client();

  const Place& place() const { return place_; }

  // Whatever the status is.  Errors: code kUnreachableCode.
  Result<Answer> Send(Ask ask);

  // The body of a 2xx answer.  Errors: as Send; for any other status what the server said, by kind,
  // with its code, and the request id as detail.
  Result<std::string> SendForBody(Ask ask);
  Result<json::object> SendForJson(Ask ask);  // An empty body is an empty object.

  // Over a WebSocket, when the server agrees.  Returns what `talk` does.  Errors: as SendForBody,
  // and those of `talk`.
  using Talk = std::function<Task<Result<int>>(asio::io_context& io, net::WebSocket& socket)>;
  Result<int> Converse(Ask ask, Talk talk);

  // Hands the body of a 2xx answer over as it comes, until it ends.  Errors: as SendForBody.
  Result<void> SendAndFollow(Ask ask, std::function<void(std::string_view bytes)> on_bytes);

 private:
  struct State;
  Place place_;
  std::unique_ptr<State> state_;
};

// What a non-2xx answer says, as an Error.
Error ErrorOf(const Answer& answer);

// A name as part of a path.
std::string PathPart(std::string_view name);

}  // namespace ebb::cli
