// net/http_server.h
// Serves HTTP/1.1 on one listening socket.
//
// Owns its connections.  Lives on one io_context.  Knows nothing of what is behind the handler.
// Answers by itself only what never becomes a request: a broken request line or header (400),
// headers over the limit (431).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "net/http.h"

namespace ebb::net {

// Answers one request; never fails: whatever goes wrong becomes a response.  `request` lives until
// the response has been sent.  What is left unread of the body is read and dropped, up to a limit,
// or the connection closes.  Cancelled when the client goes away while the handler runs.
using HttpHandler = std::function<Task<Response>(Request& request)>;

struct HttpServerConfig {
  std::size_t max_header_bytes = 32UL * 1024;
  Duration idle_timeout = std::chrono::seconds(60);  // Between requests, and while headers come.
  Duration body_idle_timeout = std::chrono::seconds(60);  // Longest silence inside a body.
};

// A bound, listening socket.  Errors: kUnavailable "port 8900 is already in use: …" and the like,
// saying what to do.
Result<base::Fd> ListenTcp(const std::string& host, std::uint16_t port);
Result<std::uint16_t> PortOf(const base::Fd& socket);

class HttpServer {
 public:
  HttpServer(asio::io_context& io, HttpServerConfig config, HttpHandler handler);
  ~HttpServer();

  // Accepts on `listener` until Stop, or until the socket is shut down or breaks.  May be called
  // for several sockets.  The returned token stops accepting on that socket when destroyed, and
  // closes the connections that came from it.
  class Listening {
   public:
    virtual ~Listening() = default;
  };
  std::unique_ptr<Listening> Serve(base::Fd listener);

  // Stops accepting, lets requests under way finish until `deadline`, then closes the rest.
  Task<void> Stop(Deadline deadline);

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace ebb::net
