// sandbox/builtin_sandbox.h
// A sandbox with a shim of ours in it: Python, Node.  Speaks frames over the channel.
#pragma once

#include "sandbox/bytecode.h"
#include "sandbox/frame.h"
#include "sandbox/host_sandbox.h"

namespace ebb::sandbox {

class BuiltinSandbox : public HostSandbox {
 public:
  BuiltinSandbox(asio::io_context& io, const Clock& clock, Started started);

  // Waits until the shim says that the runtime is there.  Before Initialize.
  // Errors: kUnavailable the runtime did not start; kDeadline.
  Task<Result<void>> WaitBooted(Deadline deadline);

  // Makes a stem what `spec` says: limits, code, name.  After WaitBooted, before Initialize.  After
  // an error it is of no use.  About 50 us of system calls.
  Result<void> Adopt(Spec spec, OutputSink output);

  // Instead of Initialize, Python only: compiles the sources at /code.  Call NextBytecode until it
  // has no more.
  Task<Result<void>> Compile(Deadline deadline);
  Task<Result<std::optional<BytecodeFile>>> NextBytecode();

  // After Initialize: it forks a quiet copy of itself that waits to fork instances.  See
  // template.h.
  Task<Result<void>> BecomeTemplate(Deadline deadline);

  Task<Result<void>> Initialize(Deadline deadline) override;
  void Expect(const Call& first) override;
  Task<Result<void>> RunHook(Hook hook, Deadline deadline) override;
  Task<Result<void>> Probe() override;
  Task<Result<Reply>> Invoke(Call call, Deadline deadline) override;
  Task<Result<net::Response>> Proxy(net::Request request, Deadline deadline) override;

 private:
  // Sends a request and reads until its answer comes.
  Task<Result<Reply>> Ask(FrameKind kind, std::string header, Call call, Deadline deadline);
  Task<Result<void>> Send(FrameKind kind, std::string header, std::string body);

  std::unique_ptr<net::Stream> channel_;
  std::string expected_;      // The first call's frame, until it is sent with kStart.
  std::string sent_request_;  // The call that has been sent already.
  FrameReader reader_;
};

}  // namespace ebb::sandbox
