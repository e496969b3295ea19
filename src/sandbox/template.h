// sandbox/template.h
// One version's code, loaded, in a process that forks instances of itself: what took the code a
// second to load, an instance has after three milliseconds.
//
// A template has run user code, so it is confined as any function is, and has no power outside its
// sandbox. What it forks is believed only after the kernel has been asked: alone in its cgroups,
// namespaces of its own, no capabilities, filtered.  Between forks it is frozen.
#pragma once

#include <functional>
#include <memory>

#include "sandbox/builtin_sandbox.h"
#include "sandbox/helper_link.h"
#include "sandbox/parts.h"

namespace ebb::sandbox {

// What it takes to finish a forked instance; outlives every template.
struct TemplateTools {
  asio::io_context& io;
  const Clock& clock;
  HelperLink& helpers;
  std::function<Result<std::shared_ptr<void>>(const ProcessTree&)> open_door;
  // As Outside::ConnectOffLoop.
  std::function<Task<Result<std::unique_ptr<egress::Connection>>>(const base::Fd&, Reach)> connect;
};

// Lives on its io_context.  Shared by the instances that were forked from it: it is their
// processes' parent, so it ends after the last of them.
class Template : public std::enable_shared_from_this<Template> {
 public:
  // `loaded` was started kAsTemplate and has loaded its code.
  // Errors: kInvalid, code "TemplateRefused": forking it would not be safe, and why, for the user;
  //         else as the sandbox.
  static Task<Result<std::shared_ptr<Template>>> Make(TemplateTools tools,
                                                      std::unique_ptr<BuiltinSandbox> loaded,
                                                      Deadline deadline);

  // An instance that waits to be adopted.
  // Errors: kUnavailable it could not be forked, or is not what it should be; kDeadline.
  Task<Result<std::unique_ptr<BuiltinSandbox>>> Fork(Parts parts, Deadline deadline);

  bool alive() const { return sandbox_->alive(); }
  const Spec& spec() const { return sandbox_->started().spec; }
  bool outdated() const { return sandbox_->build() && sandbox_->build()->replaced; }
  std::int64_t memory_bytes() const { return sandbox_->Measure().peak_memory_bytes; }

 private:
  class Awake;

  Template(TemplateTools tools, std::unique_ptr<BuiltinSandbox> sandbox);
  Result<void> Check();
  Task<Result<pid_t>> WaitForked(net::Descriptor& status, ProcessTree& processes,
                                 Deadline deadline);
  Task<Result<void>> Furnish(ProcessTree& processes, pid_t pid, const Parts& parts,
                             Deadline deadline);
  Task<Result<void>> CheckForked(net::Descriptor& status, const ProcessTree& processes,
                                 std::string output, pid_t pid);
  Task<Result<void>> WaitConfined(net::Descriptor& status, const ProcessTree& processes, pid_t pid,
                                  Deadline deadline);
  const char* Unconfined(pid_t pid) const;
  Result<void> CheckNamespaces(const ProcessTree& processes, pid_t pid) const;

  TemplateTools tools_;
  std::unique_ptr<BuiltinSandbox> sandbox_;
  pid_t forker_ = 0;  // The quiet copy, which forks.
  int forks_ = 0;     // Under way; it is frozen while there are none.
};

}  // namespace ebb::sandbox
