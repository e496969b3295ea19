// sandbox/polling_sandbox.h
// A sandbox with a program of the user's in it that asks for its events at FC_RUNTIME_API: FC's
// internal runtime protocol.
//
// Runtime::kPolling must do so.  A Runtime::kCustom may: it counts as what it shows first within
// its time to start, a request for an event or a port that answers.
#pragma once

#include "sandbox/custom_sandbox.h"
#include "sandbox/runtime_door.h"

namespace ebb::sandbox {

class PollingSandbox : public CustomSandbox {
 public:
  PollingSandbox(asio::io_context& io, const Clock& clock, Started started);

  Task<Result<void>> RunHook(Hook hook, Deadline deadline) override;
  Task<Result<void>> Probe() override;  // One that polls is well: there is nothing to ask.
  Task<Result<Reply>> Invoke(Call call, Deadline deadline) override;
  // Errors besides: kFunctionFailed the program polls, and so serves no HTTP.
  Task<Result<net::Response>> Proxy(net::Request request, Deadline deadline) override;

 protected:
  Task<Result<void>> WaitReady(Deadline deadline) override;

 private:
  Event MakeEvent(const char* type, Call call, Deadline deadline) const;

  RuntimeDoor door_;
  net::Descriptor end_;  // Readable when the program has ended.
  bool polls_ = false;
};

}  // namespace ebb::sandbox
