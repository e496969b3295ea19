// sandbox/helper_link.h
// The server's end of the helpers: the spawner, and the Python zygote that it starts.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "net/task.h"
#include "sandbox/helpers_state.h"

namespace ebb::sandbox {

// Lives on its io_context.  Destroying it ends the helpers and every sandbox.
class HelperLink {
 public:
  HelperLink(const Clock& clock, Helpers helpers);

  // The spawner builds the template root from `scratch` and starts the zygote.  It sweeps the
  // cgroup tree `name`, whose folders are `trees`, when the server is gone, and pays
  // `forwarding_debt` (src/egress/forwarding.h; null: none).  Blocks; at start.
  // Errors: kUnavailable, naming the step.
  Result<void> Prepare(const base::Path& scratch, const std::string& name,
                       const std::vector<base::Fd>& trees, const base::Fd* forwarding_debt);

  // Sends a kLaunch to who starts `runtime`.  A zygote that has ended is replaced.
  // Errors: kUnavailable the helper is gone; kDeadline it is behind.
  Task<Result<void>> Send(Runtime runtime, Order order, std::string_view text,
                          std::span<const int> fds, Deadline deadline);
  // The same to a zygote of the caller's.
  Task<Result<void>> SendTo(const base::Fd& zygote, Order order, std::string_view text,
                            std::span<const int> fds, Deadline deadline);

  // Starts a zygote beside the one that there is, from what the host has now, and returns its
  // control socket.  Errors: as Prepare; kDeadline.
  Task<Result<base::Fd>> StartAnotherZygote(asio::io_context& io, Deadline deadline);
  // The one before forks what it was told to and ends; what it has forked goes on.
  void UseZygote(base::Fd control) { zygote_ = std::move(control); }

  // Mounts a /proc over that of `pidfd`, pid 1 of a pid namespace, in its mount namespace.
  // Errors: kUnavailable; kDeadline.
  Task<Result<void>> MountProc(asio::io_context& io, const base::Fd& pidfd, Deadline deadline);

 private:
  Result<bool> TrySend(Runtime runtime, const Order& order, std::string_view text,
                       std::span<const int> fds);
  Result<void> StartZygote();

  const Clock& clock_;
  Helpers helpers_;
  base::Fd zygote_;  // Its control socket.
};

}  // namespace ebb::sandbox
