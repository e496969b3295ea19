// sandbox/host_sandbox.h
// What built-in and custom sandboxes have in common: processes, output, why they ended.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "egress/egress.h"
#include "sandbox/launcher.h"
#include "sandbox/output_pump.h"
#include "sandbox/process_tree.h"

namespace ebb::sandbox {

// Told what processor time the user's code took to load.
using LoadedSink = std::function<void(const Spec& spec, Duration cpu_time)>;

// Everything that a started sandbox is made of.
struct Started {
  Spec spec;
  std::unique_ptr<egress::Connection> connection;  // Null if it reaches nothing.
  std::unique_ptr<ProcessTree> processes;
  // Shared with the body of a streamed response, which may live longer than the sandbox.
  std::shared_ptr<OutputPump> output;
  std::shared_ptr<void> door;  // What InsideDoor::open returned.
  base::Fd runtime_api;        // Where a program asks for events; listens.  Else invalid.
  base::Fd tmp;                // Its /tmp, while it may yet change.
  base::Fd channel;            // Our end.
  StartReport report;
  std::uint32_t uid = 0;         // Of the sandbox's user, on the host.
  base::Fd status;               // Our end; closed by the child when user code begins.
  base::Fd control;              // A template's: a copy of our end of its channel.
  bool has_code = true;          // False: a stem, whose code is mounted when it is adopted.
  std::shared_ptr<void> origin;  // The template that it was forked from, which must outlive it.
  LoadedSink on_loaded;          // May be null.
  std::shared_ptr<const Build> build;  // Null: an image of its own.
};

class HostSandbox : public Sandbox {
 public:
  HostSandbox(asio::io_context& io, const Clock& clock, Started started);

  Result<void> Freeze() override { return started_.processes->cgroup().Freeze(); }
  Result<void> Thaw() override { return started_.processes->cgroup().Thaw(); }
  Consumption Measure() const override { return started_.processes->cgroup().Measure(); }
  void ResetPeak() override { started_.processes->cgroup().ResetPeak(); }
  StartReport start_report() const override { return started_.report; }
  std::shared_ptr<const Build> build() const override { return started_.build; }
  bool alive() const override { return started_.processes->alive(); }

  // For who lets another process in.
  Started& started() { return started_; }

 protected:
  // Kills the processes unless Dismiss is called: the user of a sandbox may be cancelled at any
  // co_await, and a sandbox that was left in the middle of a call is of no more use.
  class KillGuard {
   public:
    explicit KillGuard(ProcessTree& processes) : processes_(&processes) {}
    ~KillGuard() {
      if (processes_ != nullptr) processes_->Kill();
    }
    KillGuard(const KillGuard&) = delete;
    KillGuard& operator=(const KillGuard&) = delete;
    void Dismiss() { processes_ = nullptr; }

   private:
    ProcessTree* processes_;
  };

  // Ends the sandbox, brings the rest of its output to the sink and says what happened: out of
  // memory, else timed out if `cause` is kDeadline, else the process ended.
  Task<Error> Autopsy(Error cause);

  asio::io_context& io_;
  const Clock& clock_;
  Started started_;
};

}  // namespace ebb::sandbox
