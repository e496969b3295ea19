#include "sandbox/visit.h"

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <utility>

#include "base/log.h"

namespace ebb::sandbox {
namespace {

// Where this thread belongs.
struct Home {
  base::Fd mounts;
  base::Fd host_name;
  base::Fd root;
  base::Fd folder;
  int error = 0;

  Home() {
    mounts = base::Fd(open("/proc/thread-self/ns/mnt", O_RDONLY | O_CLOEXEC));
    host_name = base::Fd(open("/proc/thread-self/ns/uts", O_RDONLY | O_CLOEXEC));
    root = base::Fd(open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
    folder = base::Fd(open(".", O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!mounts.valid() || !host_name.valid() || !root.valid() || !folder.valid()) error = errno;
  }
};

const Home& ThisThread() {
  static thread_local const Home home;
  return home;
}

}  // namespace

Result<Visit> Visit::Begin(const base::Fd& pidfd) {
  if (ThisThread().error != 0) {
    return Fail(Error::System("prepare to enter a sandbox", ThisThread().error));
  }
  // Root and current folder are about to move: no other thread may share them.  Every time, since a
  // thread that this one has started since does.
  if (unshare(CLONE_FS) != 0) return Fail(Error::System("have an own current folder", errno));
  if (setns(pidfd.get(), CLONE_NEWNS | CLONE_NEWUTS) != 0) {
    return Fail(Error::System("enter a sandbox's mounts", errno));
  }
  return Visit();
}

Visit::~Visit() {
  if (!entered_) return;
  const int why = errno;
  const Home& home = ThisThread();
  // Entering has moved root and current folder to the namespace's own.
  if (setns(home.mounts.get(), CLONE_NEWNS) != 0 ||
      setns(home.host_name.get(), CLONE_NEWUTS) != 0 || fchdir(home.root.get()) != 0 ||
      chroot(".") != 0 || fchdir(home.folder.get()) != 0) {
    log::Error("cannot return from a sandbox's mounts", {{"errno", errno}});
    std::abort();
  }
  errno = why;
}

}  // namespace ebb::sandbox
