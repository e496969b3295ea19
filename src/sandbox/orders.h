// sandbox/orders.h
// The server's side of the helpers' sockets: send orders, read what is answered.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/fd.h"
#include "sandbox/wire.h"

namespace ebb::sandbox {

struct SocketPair {
  base::Fd ours;
  base::Fd theirs;
};
Result<SocketPair> MakeSeqPacketPair();  // Both close-on-exec; ours non-blocking.
Result<SocketPair> MakeStreamPair();

// What a sandbox's first process is given to talk with.
struct Sockets {
  SocketPair status;
  SocketPair channel;
  SocketPair output;  // A pipe.

  static Result<Sockets> Make();
  // The process has them now; that ours are the last copies is how its end is noticed.
  void CloseTheirs();
};

// Sends one order.  `order.text_bytes` is filled in.  False with errno EAGAIN: the socket is full.
bool SendOrder(int control, Order order, std::string_view text, std::span<const int> fds);

// From now on answers that are read from `status` say who sent them.
Result<void> TellSender(const base::Fd& status);

// Asks a template for one instance, over its channel.
Result<void> SendFork(const base::Fd& channel, std::span<const int> fds);

struct Answer {
  StatusKind kind = StatusKind::kFailed;
  std::string step;
  int error = 0;
  base::Fd pidfd;    // With kForked from a helper.
  pid_t sender = 0;  // Says the kernel, if TellSender was called on the socket.
};

// One answer, from a status socket that is readable.  Errors: kUnavailable the other side has
// closed it; its `code` is "Closed" then.
Result<Answer> ReadAnswer(int status);

// Waits up to `milliseconds` for an answer.  For start-up only.
Result<Answer> WaitForAnswer(int status, int milliseconds);

Error ToError(const Answer& failed);  // kUnavailable, naming the step.

}  // namespace ebb::sandbox
