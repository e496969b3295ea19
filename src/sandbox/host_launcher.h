// sandbox/host_launcher.h
// Starts sandboxes on this machine: makes everything around a process, and has a helper fork it.
#pragma once

#include <memory>
#include <vector>

#include "sandbox/helper_link.h"
#include "sandbox/host_sandbox.h"
#include "sandbox/network_stock.h"
#include "sandbox/undertaker.h"

namespace ebb::sandbox {

// Lives on its io_context.
class HostLauncher : public Launcher {
 public:
  HostLauncher(asio::io_context& io, net::BlockingPool& pool, const Clock& clock, Helpers helpers,
               Config config, std::unique_ptr<CgroupTree> cgroups);
  ~HostLauncher() override;  // Every sandbox must be gone.

  Result<void> Prepare();  // Before the first Launch.  Errors: as HelperLink::Prepare.

  Task<Result<std::unique_ptr<Sandbox>>> Launch(Spec spec, OutputSink output,
                                                Deadline deadline) override;

 private:
  // What a sandbox is made of before it has a process.
  struct Parts {
    std::unique_ptr<ProcessTree> processes;
    base::Fd code;
    base::Fd tmp;
    base::Fd layers;  // Not valid if there are none.
    std::vector<base::Fd> joins;
  };
  struct Sockets;

  Result<Parts> MakeParts(const Spec& spec);
  Task<Result<Started>> Start(Spec spec, OutputSink output, Deadline deadline);
  Result<std::shared_ptr<void>> OpenDoor(const ProcessTree& processes);
  Task<Result<void>> SendLaunch(const Spec& spec, const Parts& parts, const Sockets& sockets,
                                Deadline deadline);
  Task<Result<base::Fd>> WaitConfined(ProcessTree& processes, base::Fd status, Deadline deadline);

  asio::io_context& io_;
  net::BlockingPool& pool_;
  const Clock& clock_;
  Config config_;
  HelperLink helpers_;
  std::unique_ptr<CgroupTree> cgroups_;
  std::shared_ptr<NetworkStock> networks_;  // Shared with the job on the pool that refills it.
  std::uint32_t next_uid_ = 0;
  std::unique_ptr<Undertaker> undertaker_;
};

}  // namespace ebb::sandbox
