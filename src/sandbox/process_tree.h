// sandbox/process_tree.h
// One sandbox's processes from outside: kill, freeze, measure, notice the end.
#pragma once

#include <memory>
#include <utility>

#include "net/descriptor.h"
#include "sandbox/launcher.h"
#include "sandbox/undertaker.h"

namespace ebb::sandbox {

// Lives on its io_context.  Destroying it kills the processes and hands the rest to the undertaker.
class ProcessTree {
 public:
  ProcessTree(asio::io_context& io, Undertaker& undertaker, std::unique_ptr<Cgroup> cgroup,
              base::Fd network);
  ~ProcessTree();
  ProcessTree(const ProcessTree&) = delete;
  ProcessTree& operator=(const ProcessTree&) = delete;

  // From now on there is a process, pid 1 of its namespace.  When memory runs out all of it dies.
  Result<void> Begin(base::Fd pidfd);

  bool alive() const;
  void Kill();                         // At once; WaitEnd tells when it is done.
  Task<bool> WaitEnd(Deadline until);  // False: not ended yet.

  bool ran_out_of_memory();  // Then it has been killed.

  const base::Fd& pidfd() const { return pidfd_; }  // Of its pid 1.
  Cgroup& cgroup() { return *cgroup_; }
  const Cgroup& cgroup() const { return *cgroup_; }
  const base::Fd& network() const { return network_; }
  base::Fd SetNetwork(base::Fd network) { return std::exchange(network_, std::move(network)); }

 private:
  void WatchMemory();

  asio::io_context& io_;
  Undertaker& undertaker_;
  std::unique_ptr<Cgroup> cgroup_;
  base::Fd network_;
  base::Fd pidfd_;
  std::unique_ptr<net::Descriptor> end_;     // A copy of pidfd_, to wait on.
  std::unique_ptr<net::Descriptor> memory_;  // Readable when memory runs out.
  bool memory_ran_out_ = false;
};

}  // namespace ebb::sandbox
