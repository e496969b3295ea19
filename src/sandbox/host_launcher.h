// sandbox/host_launcher.h
// Starts sandboxes on this machine: makes everything around a process, and has a helper fork it.
// The shortest way that is open is taken: a stem that waits, else parts made ahead and a fork.
#pragma once

#include <memory>
#include <vector>

#include "net/blocking_pool.h"
#include "net/task_group.h"
#include "net/timing.h"
#include "sandbox/builds.h"
#include "sandbox/helper_link.h"
#include "sandbox/host_sandbox.h"
#include "sandbox/names.h"
#include "sandbox/parts.h"
#include "sandbox/stems.h"
#include "sandbox/templates.h"
#include "sandbox/undertaker.h"

namespace ebb::sandbox {

// Lives on its io_context.
class HostLauncher : public Launcher {
 public:
  HostLauncher(asio::io_context& io, net::BlockingPool& pool, const Clock& clock, Helpers helpers,
               Config config, std::unique_ptr<CgroupTree> cgroups, Outside outside);
  ~HostLauncher() override;  // Stopped, and every sandbox must be gone.

  Result<void> Prepare();  // Before the first Launch.  Errors: as HelperLink::Prepare.

  Task<Result<std::unique_ptr<Sandbox>>> Launch(Spec spec, OutputSink output,
                                                Deadline deadline) override;
  void Forget(std::string_view prefix, std::string_view except) override {
    templates_.Forget(prefix, except);
    bytecode_.Forget(prefix, except);
  }
  std::vector<TemplateState> Templates() const override { return templates_.List(); }
  std::vector<RuntimeState> Runtimes() const override { return builds_.List(); }
  std::vector<std::pair<std::string, int>> prepared() const override;
  Task<Result<std::unique_ptr<Guest>>> Enter(Sandbox& sandbox, GuestSpec spec,
                                             Deadline deadline) override;
  Task<void> Stop() override;

 private:
  class UnderWay;
  // A build that is tried out before it is used.
  struct Trial {
    std::shared_ptr<Build> build;
    base::Fd zygote;  // Python's, started from it; else invalid.
  };
  // `trial`: null but for the sandbox that a build is tried with.
  Task<Result<std::unique_ptr<BuiltinSandbox>>> Boot(Spec spec, Begin begin, OutputSink output,
                                                     Deadline deadline,
                                                     const Trial* trial = nullptr);
  Task<Result<Started>> Start(Spec spec, Begin begin, OutputSink output, Deadline deadline,
                              const Trial* trial = nullptr);
  Result<std::shared_ptr<void>> OpenDoor(const ProcessTree& processes);
  Task<Result<void>> SendLaunch(const Spec& spec, Begin begin, const Parts& parts,
                                const Sockets& sockets, Deadline deadline, const Trial* trial);
  Task<Result<base::Fd>> WaitConfined(ProcessTree& processes, base::Fd status, Deadline deadline);

  // Off the path, until cancelled.
  Task<void> WaitUntilTaken();
  Task<void> WaitUntilNoneLaunches();
  Task<void> KeepParts();
  Task<void> KeepStems(Runtime runtime);
  Task<bool> AddStem(Runtime runtime);
  Task<void> KeepBytecode();
  Task<Result<void>> Compile(base::Path package);
  Task<void> KeepTemplates();
  Task<void> KeepBuilds();  // With the next three in renewal.cc.
  Task<void> Renew(HostRuntime runtime, const HostLook& look);
  Task<Result<std::unique_ptr<BuiltinSandbox>>> TryOut(Trial& trial, Runtime runtime);
  void Use(HostRuntime which, Trial trial, std::unique_ptr<BuiltinSandbox> stem);
  Task<void> AddTemplate(Spec spec);
  Task<Result<std::shared_ptr<Template>>> MakeTemplate(Spec spec, Deadline deadline);
  Task<bool> AddSpare();
  // Null: there is no template, or it failed.
  Task<std::unique_ptr<BuiltinSandbox>> FromTemplate(const Spec& spec, OutputSink output,
                                                     Deadline deadline);
  Task<Result<std::unique_ptr<BuiltinSandbox>>> Fork(Template& from, Deadline deadline);
  LoadedSink OnLoaded(const Spec& spec);  // Tells the keepers; null if that is of no use.
  TemplateTools Tools();

  asio::io_context& io_;
  net::BlockingPool& pool_;
  const Clock& clock_;
  Config config_;
  HelperLink helpers_;
  std::unique_ptr<CgroupTree> cgroups_;
  std::uint32_t next_uid_ = 0;
  std::unique_ptr<Undertaker> undertaker_;
  Outside outside_;
  NamesFolder names_;
  Builds builds_;
  PartsStock parts_;
  Stems stems_;
  sandbox::Templates templates_;
  Bytecode bytecode_;
  net::Signal taken_;  // Something was taken from a stock.
  int launching_ = 0;
  net::Signal none_launches_;
  std::unique_ptr<net::TaskGroup> keepers_;
};

}  // namespace ebb::sandbox
