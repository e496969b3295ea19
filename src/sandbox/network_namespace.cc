#include "sandbox/network_namespace.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "base/log.h"

namespace ebb::sandbox {
namespace {

// Brings this thread back to the namespace that it was in.
class Return {
 public:
  Return() : own_(open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)) {}
  ~Return() {
    if (own_.valid() && setns(own_.get(), CLONE_NEWNET) == 0) return;
    log::Error("cannot return from a sandbox's network namespace", {{"errno", errno}});
    std::abort();
  }
  Return(const Return&) = delete;
  Return& operator=(const Return&) = delete;
  bool possible() const { return own_.valid(); }

 private:
  base::Fd own_;
};

sockaddr_in Loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

base::Fd TcpSocketInside(const base::Fd& network) {
  const Return back;
  if (!back.possible() || setns(network.get(), CLONE_NEWNET) != 0) return base::Fd();
  return base::Fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
}

bool BringLoopbackUp() {
  const base::Fd any(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq request{};
  strcpy(request.ifr_name, "lo");
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  return any.valid() && ioctl(any.get(), SIOCSIFFLAGS, &request) == 0;
}

}  // namespace

Result<base::Fd> MakeNetworkNamespace() {
  const Return back;
  if (!back.possible() || unshare(CLONE_NEWNET) != 0) {
    return Fail(Error::System("new network namespace", errno));
  }
  base::Fd made(open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
  if (!made.valid()) return Fail(Error::System("open a network namespace", errno));
  if (!BringLoopbackUp()) return Fail(Error::System("bring the loopback up", errno));
  return made;
}

Result<void> BringLoopbackUpIn(const base::Fd& network) {
  const Return back;
  if (!back.possible() || setns(network.get(), CLONE_NEWNET) != 0) {
    return Fail(Error::System("enter a network namespace", errno));
  }
  if (!BringLoopbackUp()) return Fail(Error::System("bring the loopback up", errno));
  return {};
}

Result<base::Fd> ListenInside(const base::Fd& network, std::uint16_t port) {
  base::Fd socket = TcpSocketInside(network);
  if (!socket.valid()) return Fail(Error::System("socket in a sandbox", errno));
  const sockaddr_in address = Loopback(port);
  if (bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      listen(socket.get(), SOMAXCONN) != 0) {
    return Fail(Error::System("listen in a sandbox", errno));
  }
  return socket;
}

Result<base::Fd> BeginConnectInside(const base::Fd& network, std::uint16_t port) {
  base::Fd socket = TcpSocketInside(network);
  if (!socket.valid()) return Fail(Error::System("socket in a sandbox", errno));
  const int one = 1;
  setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);  // Only slower without.
  const sockaddr_in address = Loopback(port);
  if (connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 &&
      errno != EINPROGRESS) {
    return Fail(Error::System("connect to a sandbox", errno));
  }
  return socket;
}

}  // namespace ebb::sandbox
