// sandbox/custom_sandbox.h
// A sandbox with a program of the user's in it that serves HTTP: FC's contract for custom runtimes.
#pragma once

#include <chrono>
#include <optional>

#include "sandbox/host_sandbox.h"

namespace ebb::sandbox {

class CustomSandbox : public HostSandbox {
 public:
  CustomSandbox(asio::io_context& io, const Clock& clock, Started started);

  // Lets the program begin, and waits until it is ready and its health check succeeds.
  Task<Result<void>> Initialize(Deadline deadline) override;
  void Expect(const Call&) override {}  // There is nobody to send it to before the port answers.
  Task<Result<void>> RunHook(Hook hook, Deadline deadline) override;
  Task<Result<void>> Probe() override;
  // POST /invoke with FC's headers.  What the program answers with a status of 400 or more, or with
  // `x-fc-status: 404`, is an error of the function.
  Task<Result<Reply>> Invoke(Call call, Deadline deadline) override;
  Task<Result<net::Response>> Proxy(net::Request request, Deadline deadline) override;

 protected:
  // How soon a port that does not answer is tried again: often at first, since it is waited for.
  static constexpr Duration kFirstPause = std::chrono::microseconds(250);
  static constexpr Duration kLongestPause = std::chrono::milliseconds(25);

  // Waits until the program, which has begun, shows that it takes requests.  After an error the
  // sandbox is dead.
  virtual Task<Result<void>> WaitReady(Deadline deadline) = 0;
  // One try to connect to the program's port.  Null: nothing listens there.
  Task<std::unique_ptr<net::Stream>> TryConnect(Deadline deadline);
  // What ended a call; ends the sandbox with it, unless others share it.
  Task<Error> Explain(Error cause);
  bool shared() const { return started_.spec.concurrency > 1; }

 private:
  Task<Result<void>> Begin(Deadline deadline);
  Task<Result<void>> BecomeWell(TimePoint began, Deadline deadline);
  Task<Result<std::unique_ptr<net::Stream>>> Connect(Deadline deadline);
  // With the headers of a call, if it is one.
  net::Request RequestTo(std::string method, std::string path,
                         const std::optional<Call>& call) const;
  // One exchange on a connection of its own, whose body holds it.
  Task<Result<net::Response>> Exchange(net::Request request, Deadline deadline);
  Task<Error> ExplainShared(Error cause);
};

}  // namespace ebb::sandbox
