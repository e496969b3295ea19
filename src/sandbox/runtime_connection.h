// sandbox/runtime_connection.h
// One connection of a RuntimeDoor, and the calls that all connections of a door share.
//
// Lives on the door's io_context.
#pragma once

#include <list>
#include <memory>
#include <optional>
#include <string>

#include "net/message_reader.h"
#include "net/timing.h"
#include "sandbox/runtime_door.h"

namespace ebb::sandbox {

// What a door's callers ask and its connections answer.
struct RuntimeCalls {
  explicit RuntimeCalls(asio::io_context& io) : changed(io) {}

  struct Call {
    enum class State { kWaiting, kGiven, kBeingAnswered, kAnswered };
    Event event;  // Its body goes once it was given.
    State state = State::kWaiting;
    std::optional<Reply> reply;
  };
  // Shared, since a connection may be in the middle of writing to the program when the caller goes.
  using CallPtr = std::shared_ptr<Call>;

  // Keeps a call among the calls for a scope, which a cancelled caller leaves by throwing.
  class Entry {
   public:
    Entry(RuntimeCalls& calls, Event event)
        : calls_(calls),
          at_(calls.calls.insert(calls.calls.end(), std::make_shared<Call>(std::move(event)))) {}
    ~Entry() { calls_.calls.erase(at_); }
    Entry(const Entry&) = delete;
    Entry& operator=(const Entry&) = delete;
    Call& call() const { return **at_; }

   private:
    RuntimeCalls& calls_;
    std::list<CallPtr>::iterator at_;
  };

  CallPtr TakeWaiting();                          // Null if there is none; now kGiven.
  CallPtr TryBeginAnswer(const std::string& id);  // Null if none may be answered so.

  std::list<CallPtr> calls;  // In the order in which they came.
  bool polled = false;
  bool ended = false;
  std::optional<std::string> start_error;
  net::Signal changed;
};

class RuntimeConnection {
 public:
  // Borrows `clock` and `calls`.
  RuntimeConnection(std::unique_ptr<net::Stream> stream, const Clock& clock, RuntimeCalls& calls);

  // Serves until either side ends the connection.
  Task<void> Run();

 private:
  enum class After { kKeep, kClose };

  Task<After> Dispatch(net::MessageHead& head);
  Task<After> GiveNext();
  Task<After> TakeAnswer(std::string id, bool ok, net::MessageHead& head);
  Task<After> TakeStartError(net::MessageHead& head);
  Task<After> Refuse(int status, std::string type, std::string message);
  Task<After> Send(int status, net::Headers headers, std::string_view body, After after);
  // nullopt: larger than `limit`.  An error: the connection is of no more use.
  Task<Result<std::optional<std::string>>> ReadBody(net::MessageHead& head, std::size_t limit);
  Task<After> DropBody();

  std::unique_ptr<net::Stream> stream_;
  const Clock& clock_;
  RuntimeCalls& calls_;
  net::MessageReader reader_;
};

}  // namespace ebb::sandbox
