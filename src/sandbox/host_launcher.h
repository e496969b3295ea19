// sandbox/host_launcher.h
// Starts sandboxes on this machine: asks the helpers for the processes, and makes everything
// around them.
#pragma once

#include <memory>

#include "sandbox/helpers_state.h"
#include "sandbox/host_sandbox.h"
#include "sandbox/undertaker.h"

namespace ebb::sandbox {

// Lives on its io_context.
class HostLauncher : public Launcher {
 public:
  HostLauncher(asio::io_context& io, net::BlockingPool& pool, const Clock& clock, Helpers helpers,
               Config config, std::unique_ptr<CgroupTree> cgroups);
  ~HostLauncher() override;  // Every sandbox must be gone.

  // The spawner builds the template root and starts the Python zygote.
  Result<void> Prepare();

  Task<Result<std::unique_ptr<Sandbox>>> Launch(Spec spec, OutputSink output,
                                                Deadline deadline) override;

 private:
  // What a sandbox is made of before it has a process.
  struct Parts {
    std::unique_ptr<ProcessTree> processes;
    base::Fd code;
    base::Fd tmp;
    std::vector<base::Fd> joins;
  };
  struct Sockets;

  Task<Result<Parts>> MakeParts(const Spec& spec);
  Task<Result<Started>> Start(Spec spec, OutputSink output, Deadline deadline);
  Task<Result<void>> SendLaunch(const Spec& spec, const Parts& parts, const Sockets& sockets,
                                Deadline deadline);
  Result<bool> TrySend(const Spec& spec, const Order& order, std::string_view text,
                       std::span<const int> fds);
  Task<Result<void>> WaitConfined(ProcessTree& processes, base::Fd& status, Deadline deadline);
  Result<void> StartZygote();

  asio::io_context& io_;
  net::BlockingPool& pool_;
  const Clock& clock_;
  Helpers helpers_;
  Config config_;
  std::unique_ptr<CgroupTree> cgroups_;
  base::Fd zygote_;  // The control socket of the Python zygote.
  std::uint32_t next_uid_ = 0;
  std::unique_ptr<Undertaker> undertaker_;
};

}  // namespace ebb::sandbox
