// sandbox/runtime_door.h
// FC's internal runtime protocol for one sandbox: where its program asks for events and answers
// them.  The program finds it as FC_RUNTIME_API.
//
// Owns the listening socket, which lies in the sandbox's network namespace, and its connections.
// Lives on one io_context.  It times nothing by itself, so that a sandbox may be frozen for days in
// the middle of a request.  Nothing that a program sends can answer another sandbox's call.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/fd.h"
#include "net/http.h"
#include "sandbox/launcher.h"

namespace ebb::sandbox {

inline constexpr std::uint16_t kRuntimeApiPort = 19001;  // FC's; see the Go SDK's documentation.

// What a program is given for its GET of the next event.
struct Event {
  std::string id;  // The program answers under this name.
  net::Headers headers;
  std::string body;
};

class RuntimeDoor {
 public:
  // `listener` is non-blocking.
  RuntimeDoor(asio::io_context& io, const Clock& clock, base::Fd listener);
  ~RuntimeDoor();  // Closes every connection.
  RuntimeDoor(const RuntimeDoor&) = delete;
  RuntimeDoor& operator=(const RuntimeDoor&) = delete;

  bool polled() const;  // The program has asked for an event at least once.
  // What the program said instead when it could not start; FC's error JSON if it keeps to it.
  const std::optional<std::string>& start_error() const;
  // True when something has changed: the above, or a call.  False: the deadline passed.
  Task<bool> WaitChange(Deadline deadline);

  // Gives `event` to the next connection that asks, and waits for its answer.  Several calls may be
  // under way.  An answer counts once, and only for an event that was given out and has none yet.
  // Errors: kDeadline; kUnavailable the program ended.
  Task<Result<Reply>> Ask(Event event, Deadline deadline);

  void OnProgramEnded();  // Every Ask fails from now on.

 private:
  struct State;
  std::shared_ptr<State> state_;  // Shared with the connections' tasks, which may end after it.
};

}  // namespace ebb::sandbox
