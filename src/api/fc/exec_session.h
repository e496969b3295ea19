// api/fc/exec_session.h
// One InstanceExec: what goes on between a guest in an instance and a WebSocket.
//
// Frames are FC's (as its tool `s` speaks them): to the client binary messages whose first byte is
// 1 for output, 2 for errors; from the client the bytes of the input as they are.  Beyond FC: an
// empty message from the client ends the input; at the end the close frame's reason is
// {"exitCode":N}; and a command that cannot be run is told of in a text message
// {"ErrorMessage":"…"}.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "model/usage.h"
#include "net/task_group.h"
#include "net/web_socket.h"
#include "scheduler/scheduler.h"

namespace ebb::api {

// What a session is charged to, as an attempt with the trigger "exec": it keeps the instance from
// being frozen.  Goes to the ledger when this is destroyed, however the session ends.
class ExecBill {
 public:
  using Keep = std::function<void(model::UsageRecord)>;
  // `record` holds what is known before.
  ExecBill(model::UsageRecord record, const Clock& clock, Keep keep)
      : record_(std::move(record)), clock_(clock), began_(clock.Now()), keep_(std::move(keep)) {}
  ~ExecBill();
  ExecBill(const ExecBill&) = delete;
  ExecBill& operator=(const ExecBill&) = delete;

 private:
  model::UsageRecord record_;
  const Clock& clock_;
  const TimePoint began_;
  const Keep keep_;
};

// Lives on its io_context.
class ExecSession {
 public:
  // `bill` ends with the session.
  ExecSession(asio::io_context& io, const Clock& clock, scheduler::Stay stay,
              std::unique_ptr<ExecBill> bill);

  // Until the process has ended or the client has left.
  Task<void> Run(net::WebSocket& socket);

 private:
  using From = sandbox::Guest::From;
  Task<void> Forward(net::WebSocket& socket, From from);
  Task<void> Feed(net::WebSocket& socket);
  Task<void> Watch();
  Task<void> WaitEnd();
  Task<void> TellEnd(net::WebSocket& socket);

  const Clock& clock_;
  const std::unique_ptr<ExecBill> bill_;
  scheduler::Stay stay_;
  int open_outputs_ = 2;
  bool client_left_ = false;
  std::optional<Result<int>> exit_code_;
  net::Signal changed_;
  net::TaskGroup tasks_;
};

}  // namespace ebb::api
