#include "sandbox/process_tree.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

namespace ebb::sandbox {

ProcessTree::ProcessTree(asio::io_context& io, Undertaker& undertaker,
                         std::unique_ptr<Cgroup> cgroup, base::Fd network)
    : io_(io), undertaker_(undertaker), cgroup_(std::move(cgroup)), network_(std::move(network)) {}

ProcessTree::~ProcessTree() {
  Kill();
  undertaker_.Bury({std::move(pidfd_), std::move(cgroup_), std::move(network_)});
}

Result<void> ProcessTree::Begin(base::Fd pidfd) {
  pidfd_ = std::move(pidfd);
  base::Fd copy(fcntl(pidfd_.get(), F_DUPFD_CLOEXEC, 0));
  if (!copy.valid()) return Fail(Error::System("copy a pidfd", errno));
  end_ = std::make_unique<net::Descriptor>(io_, std::move(copy));
  auto memory = cgroup_->WatchMemory();
  if (!memory) return Fail(memory.error());
  if (memory->valid()) {
    memory_ = std::make_unique<net::Descriptor>(io_, std::move(*memory));
    WatchMemory();
  }
  return {};
}

void ProcessTree::WatchMemory() {
  memory_->OnReadable([this] {
    if (ran_out_of_memory()) Kill();
  });
}

bool ProcessTree::ran_out_of_memory() {
  std::uint64_t count = 0;
  // The kernel's own count misses the case that our Kill was faster than its choice of a victim.
  if (memory_ && read(memory_->get(), &count, sizeof count) > 0) memory_ran_out_ = true;
  if (cgroup_->RanOutOfMemory()) memory_ran_out_ = true;
  return memory_ran_out_;
}

bool ProcessTree::alive() const {
  if (!pidfd_.valid()) return false;
  pollfd ended{pidfd_.get(), POLLIN, 0};
  return poll(&ended, 1, 0) == 0;
}

void ProcessTree::Kill() {
  if (!pidfd_.valid()) return;
  // Pid 1 takes its whole namespace along.  It may have ended already.
  syscall(SYS_pidfd_send_signal, pidfd_.get(), SIGKILL, nullptr, 0);
  cgroup_->LetDie();
}

Task<bool> ProcessTree::WaitEnd(Deadline until) {
  if (!end_) co_return true;
  co_return co_await end_->WaitReadable(until);
}

}  // namespace ebb::sandbox
