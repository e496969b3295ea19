#include "sandbox/host_sandbox.h"

#include <string>

namespace ebb::sandbox {
namespace {

constexpr auto kPatience = std::chrono::seconds(5);  // Killed processes leave within milliseconds.

}  // namespace

HostSandbox::HostSandbox(asio::io_context& io, const Clock& clock, Started started)
    : io_(io), clock_(clock), started_(std::move(started)) {}

Task<Error> HostSandbox::Autopsy(Error cause) {
  started_.processes->Kill();
  co_await started_.processes->WaitEnd(Deadline(clock_.Now() + kPatience));
  started_.output->Drain();
  if (started_.processes->ran_out_of_memory()) {
    co_return Error::FunctionFailed("the function used more than its memory size of " +
                                    std::to_string(started_.spec.memory.count()) + " MB")
        .WithCode("FunctionOOMError");
  }
  if (cause.kind() == ErrorKind::kDeadline) {
    co_return Error::FunctionTimeout("the function did not answer in time")
        .WithCode("FunctionTimeoutError");
  }
  Error ended = Error::FunctionFailed("Process exited unexpectedly before completing request");
  co_return std::move(ended).WithCode("ProcessExited").WithDetail(cause.message());
}

}  // namespace ebb::sandbox
