// Listening sockets: ListenTcp and PortOf of net/http_server.h.
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <memory>

#include "net/http_server.h"

namespace ebb::net {
namespace {

using AddressList = std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>;

Error CannotListen(const std::string& host, std::uint16_t port, int number) {
  const std::string number_of_port = std::to_string(port);
  switch (number) {
    case EADDRINUSE:
      return Error::Unavailable(
          "port " + number_of_port +
          " is already in use: stop the other program or choose another port");
    case EACCES:
      return Error::Unavailable("port " + number_of_port +
                                " needs the right to bind low ports: choose a port above 1023, or "
                                "run as a user who has it");
    case EADDRNOTAVAIL:
      return Error::Unavailable("no network interface here has the address " + host +
                                ": listen on one that it has, 127.0.0.1 or 0.0.0.0");
    default:
      return Error::System("listen on " + host + ":" + number_of_port, number);
  }
}

}  // namespace

Result<base::Fd> ListenTcp(const std::string& host, std::uint16_t port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* raw = nullptr;
  const int failed = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &raw);
  const AddressList found(raw, &freeaddrinfo);
  if (failed != 0) {
    return Fail(Error::Unavailable("cannot listen on \"" + host + "\": " + gai_strerror(failed) +
                                   "; give an address of this machine, such as 127.0.0.1"));
  }
  base::Fd fd(socket(found->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return Fail(CannotListen(host, port, errno));
  // Else a restart would wait a minute for the old connections' TIME_WAIT.
  const int on = 1;
  setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(fd.get(), found->ai_addr, found->ai_addrlen) != 0 || listen(fd.get(), SOMAXCONN) != 0) {
    return Fail(CannotListen(host, port, errno));
  }
  return fd;
}

Result<std::uint16_t> PortOf(const base::Fd& socket) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    return Fail(Error::System("getsockname", errno));
  }
  if (address.ss_family == AF_INET) {
    return ntohs(reinterpret_cast<const sockaddr_in&>(address).sin_port);
  }
  if (address.ss_family == AF_INET6) {
    return ntohs(reinterpret_cast<const sockaddr_in6&>(address).sin6_port);
  }
  return Fail(Error::Invalid("not a TCP socket"));
}

}  // namespace ebb::net
