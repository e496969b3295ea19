#include "sandbox/network_namespace.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "egress/network_visit.h"

namespace ebb::sandbox {
namespace {

sockaddr_in Loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

Result<base::Fd> TcpSocketInside(const base::Fd& network) {
  const auto visit = egress::NetworkVisit::Enter(network);
  if (!visit) return Fail(visit.error());
  base::Fd made(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!made.valid()) return Fail(Error::System("socket in a sandbox", errno));
  return made;
}

// In the namespace that the thread is in.
Result<void> BringLoopbackUp() {
  const base::Fd any(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq request{};
  strcpy(request.ifr_name, "lo");
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  if (any.valid() && ioctl(any.get(), SIOCSIFFLAGS, &request) == 0) return {};
  return Fail(Error::System("bring the loopback up", errno));
}

}  // namespace

Result<base::Fd> MakeNetworkNamespace() {
  const auto visit = egress::NetworkVisit::EnterNew();
  if (!visit) return Fail(visit.error());
  if (auto up = BringLoopbackUp(); !up) return Fail(up.error());
  return visit->Hold();
}

Result<void> BringLoopbackUpIn(const base::Fd& network) {
  const auto visit = egress::NetworkVisit::Enter(network);
  if (!visit) return Fail(visit.error());
  return BringLoopbackUp();
}

Result<base::Fd> ListenInside(const base::Fd& network, std::uint16_t port) {
  auto socket = TcpSocketInside(network);
  if (!socket) return socket;
  const sockaddr_in address = Loopback(port);
  if (bind(socket->get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      listen(socket->get(), SOMAXCONN) != 0) {
    return Fail(Error::System("listen in a sandbox", errno));
  }
  return socket;
}

Result<base::Fd> BeginConnectInside(const base::Fd& network, std::uint16_t port) {
  auto socket = TcpSocketInside(network);
  if (!socket) return socket;
  const int one = 1;
  setsockopt(socket->get(), IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);  // Only slower without.
  const sockaddr_in address = Loopback(port);
  if (connect(socket->get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 &&
      errno != EINPROGRESS) {
    return Fail(Error::System("connect to a sandbox", errno));
  }
  return socket;
}

}  // namespace ebb::sandbox
