// net/server_connection.h
// One connection of an HttpServer: reads requests, calls the handler, writes responses.
//
// Lives on the server's io_context.  Owns its stream.  Run is one coroutine for everything: who
// cancels it cancels the handler too.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "net/http_server.h"
#include "net/message_reader.h"
#include "net/message_writer.h"
#include "net/task_group.h"

namespace ebb::net {

class HttpDate;

class ServerConnection {
 public:
  // Borrows `config`, `handler` and `date`.
  ServerConnection(std::unique_ptr<Stream> stream, const HttpServerConfig& config,
                   const HttpHandler& handler, HttpDate& date);
  ~ServerConnection();
  ServerConnection(const ServerConnection&) = delete;
  ServerConnection& operator=(const ServerConnection&) = delete;

  // Serves until either side ends the connection.
  Task<void> Run();

  // Ends it once the request under way, if any, has been answered.
  void EndAfterRequest();

  // True when the client has gone while a handler runs.  Called about ten times a second: looks
  // only at requests that were there the last time too, so quick ones cost nothing.
  bool ClientGone();

  TaskGroup::Handle task;  // The one that is in Run.

 private:
  // The request under way, as its body sees it.  The body may be moved away by the handler and
  // outlive the request.
  struct Incoming;
  class RequestBody;

  enum class After { kKeep, kClose };

  Task<Result<MessageHead*>> NextHead();
  Task<void> Refuse(Error error);
  Task<After> Serve(MessageHead& head);
  Task<Response> Handle(Request& request);
  Task<bool> Send(const Request& request, const MessageHead& head, Response& response, After after);
  bool WillClose(const MessageHead& head, const Request& request, const Response& response) const;
  Task<void> Upgrade(Response& response);
  Task<After> DropRest();
  Task<void> Linger();

  void ForgetBody();

  const std::unique_ptr<Stream> stream_;
  const HttpServerConfig& config_;
  const HttpHandler& handler_;
  HttpDate& date_;
  const std::string peer_;
  MessageReader reader_;
  std::shared_ptr<Incoming> incoming_;
  bool busy_ = false;
  bool ending_ = false;
  bool upgraded_ = false;          // It speaks another protocol now.
  std::uint64_t request_ = 0;      // Counts them.
  std::uint64_t last_looked_ = 0;  // At this request, by ClientGone.
};

// The Date field's value, formatted once a second.
class HttpDate {
 public:
  const std::string& Now();

 private:
  std::int64_t second_ = -1;
  std::string text_;
};

}  // namespace ebb::net
