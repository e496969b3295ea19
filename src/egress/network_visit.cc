#include "egress/network_visit.h"

#include <fcntl.h>
#include <sched.h>

#include <cerrno>
#include <cstdlib>

#include "base/log.h"

namespace ebb::egress {
namespace {

Result<base::Fd> OpenOwn() {
  base::Fd own(open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
  if (!own.valid()) return Fail(Error::System("open a network namespace", errno));
  return own;
}

}  // namespace

Result<NetworkVisit> NetworkVisit::Enter(const base::Fd& network) {
  auto home = OpenOwn();
  if (!home) return Fail(home.error());
  if (setns(network.get(), CLONE_NEWNET) != 0) {
    return Fail(Error::System("enter a network namespace", errno));
  }
  return NetworkVisit(std::move(*home));
}

Result<NetworkVisit> NetworkVisit::EnterNew() {
  auto home = OpenOwn();
  if (!home) return Fail(home.error());
  if (unshare(CLONE_NEWNET) != 0) return Fail(Error::System("new network namespace", errno));
  return NetworkVisit(std::move(*home));
}

NetworkVisit::~NetworkVisit() {
  const int why = errno;
  if (home_.valid() && setns(home_.get(), CLONE_NEWNET) != 0) {
    log::Error("cannot return from another network namespace", {{"errno", errno}});
    std::abort();
  }
  errno = why;
}

Result<base::Fd> NetworkVisit::Hold() const { return OpenOwn(); }

}  // namespace ebb::egress
