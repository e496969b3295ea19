// sandbox/guest.h
// A process beside the function's own in its sandbox: a shell to look around with.
//
// Confined as the function is: the same namespaces, cgroups, user, system call filter.  It ends
// with the sandbox.  This keeps only descriptors, so it may outlive the sandbox.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "net/descriptor.h"
#include "net/timing.h"
#include "sandbox/launcher.h"

namespace ebb::sandbox {

// Lives on its io_context.  Destroying it kills the process; what that started in the background
// stays until the sandbox goes.
class HostGuest : public Guest {
 public:
  // Our ends.  With a terminal `input` and `output` are copies of its master and there are no
  // `errors`.  `status` tells of the start and the end.
  struct Ends {
    base::Fd input;
    base::Fd output;
    base::Fd errors;
    base::Fd status;
  };
  HostGuest(asio::io_context& io, Ends ends);
  ~HostGuest() override;

  // Until it is confined.  Errors: kUnavailable, naming the step that failed; kDeadline.
  Task<Result<void>> WaitConfined(Deadline deadline);

  Task<Result<std::string>> Read(From from, Deadline deadline) override;
  Task<Result<void>> Write(std::string bytes) override;
  void EndInput() override { input_.reset(); }
  Task<Result<int>> WaitEnd(Deadline deadline) override;

 private:
  std::unique_ptr<net::Descriptor> input_;
  net::Descriptor output_;
  net::Descriptor errors_;
  net::Descriptor status_;
  base::Fd pidfd_;
};

}  // namespace ebb::sandbox
