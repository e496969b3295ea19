// Networks: the host's, other instances', and the kernel's rarely used protocols.
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <net/route.h>
#include <netinet/in.h>
#include <poll.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "probe.h"

namespace probe {
namespace {

constexpr const char* kNetwork = "networks";
constexpr const char* kProtocols = "protocols";
constexpr const char* kLocal = "local sockets";
constexpr int kConnectMs = 2'000;  // What is not allowed is refused at once, never dropped.
constexpr int kAnswerMs = 500;     // The host refuses only so many datagrams a second.
constexpr const char* kRelay = "169.254.0.1";  // kResolver of src/egress/egress.h.
constexpr int kFlood = 20'000;
constexpr int kHeld = 200;
constexpr int kMostHeld = 64;  // kMostPerFunction of src/egress/dns_relay.cc.

std::string ConnectTo(const sockaddr* address, socklen_t size) {
  const int fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return ErrorName(errno);
  if (connect(fd, address, size) == 0) return std::string(kPossible);
  if (errno != EINPROGRESS) return ErrorName(errno);
  pollfd ready{fd, POLLOUT, 0};
  if (poll(&ready, 1, kConnectMs) != 1) return "ETIMEDOUT";
  int error = 0;
  socklen_t length = sizeof error;
  getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length);
  return error == 0 ? std::string(kPossible) : ErrorName(error);
}

std::string Connect(const std::string& host, const std::string& port) {
  const auto number = htons(static_cast<std::uint16_t>(strtol(port.c_str(), nullptr, 10)));
  if (number == 0) return "no port to connect to";
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  v6.sin6_port = number;
  if (inet_pton(AF_INET6, host.c_str(), &v6.sin6_addr) == 1) {
    return ConnectTo(reinterpret_cast<const sockaddr*>(&v6), sizeof v6);
  }
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  v4.sin_port = number;
  if (inet_pton(AF_INET, host.c_str(), &v4.sin_addr) != 1) return "no address to connect to";
  return ConnectTo(reinterpret_cast<const sockaddr*>(&v4), sizeof v4);
}

std::string ConnectLoopback() { return Connect("127.0.0.1", Setting("host_port")); }
std::string ConnectLoopback6() { return Connect("::1", Setting("host_port")); }
std::string ConnectAny() { return Connect("0.0.0.0", Setting("host_port")); }
std::string ConnectHost() { return Connect(Setting("host_address"), Setting("host_port")); }
std::string ConnectMetadata() { return Connect("169.254.169.254", Setting("metadata_port")); }
std::string ConnectApi() { return Connect("127.0.0.1", Setting("api_port")); }
std::string ConnectFunctions() { return Connect("127.0.0.1", Setting("functions_port")); }
std::string ConnectVictim() { return Connect("127.0.0.1", Setting("victim_port")); }

std::string SendDatagram() {
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<std::uint16_t>(NumberSetting("host_port")));
  inet_pton(AF_INET, Setting("host_address").c_str(), &to.sin_addr);
  const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0 ||
      send(fd, "x", 1, 0) != 1) {
    return ErrorName(errno);
  }
  pollfd ready{fd, POLLIN, 0};
  if (poll(&ready, 1, kAnswerMs) != 1) return "no answer";
  char answer = 0;
  return recv(fd, &answer, 1, 0) < 0 ? ErrorName(errno) : std::string(kPossible);
}

std::string ConnectVictimsAddress() {
  return Connect(Setting("victim_address"), Setting("victim_port"));
}
std::string ConnectLink() { return Connect(Setting("link_address"), Setting("host_port")); }
std::string ConnectLinksApi() { return Connect(Setting("link_address"), Setting("api_port")); }
std::string ConnectRouter() { return Connect(kRelay, Setting("host_port")); }
std::string ConnectAlibabaMetadata() { return Connect("100.100.100.200", Setting("host_port")); }
std::string ConnectInternet6() { return Connect("2001:db8::1", "80"); }

// All that share its link, its router and other instances among them, by their multicast address.
std::string SendToNeighbours6() {
  sockaddr_in6 to{};
  to.sin6_family = AF_INET6;
  to.sin6_port = htons(53);
  inet_pton(AF_INET6, "ff02::1", &to.sin6_addr);
  to.sin6_scope_id = if_nametoindex("eth0");
  const int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  return Outcome(sendto(fd, "x", 1, 0, reinterpret_cast<const sockaddr*>(&to), sizeof to));
}

std::string SwitchIpv6On() {
  const int fd = open("/proc/sys/net/ipv6/conf/all/disable_ipv6", O_WRONLY | O_CLOEXEC);
  return fd < 0 ? ErrorName(errno) : Outcome(write(fd, "0", 1));
}

std::string TakeAddress() {
  const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  const int one = 1;
  return Outcome(setsockopt(fd, IPPROTO_IP, IP_TRANSPARENT, &one, sizeof one));
}

// IP_FREEBIND takes no right, but what is sent from such an address must not leave.
std::string SendFromAnothersAddress() {
  const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  const int one = 1;
  setsockopt(fd, IPPROTO_IP, IP_FREEBIND, &one, sizeof one);
  sockaddr_in own{};
  own.sin_family = AF_INET;
  inet_pton(AF_INET, Setting("victim_address").c_str(), &own.sin_addr);
  if (bind(fd, reinterpret_cast<const sockaddr*>(&own), sizeof own) != 0) return ErrorName(errno);
  sockaddr_in to = own;
  to.sin_port = htons(53);
  inet_pton(AF_INET, kRelay, &to.sin_addr);
  return Outcome(sendto(fd, "x", 1, 0, reinterpret_cast<const sockaddr*>(&to), sizeof to));
}

std::string AddNeighbour() {
  const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  arpreq entry{};
  auto& of = reinterpret_cast<sockaddr_in&>(entry.arp_pa);
  of.sin_family = AF_INET;
  inet_pton(AF_INET, kRelay, &of.sin_addr);
  entry.arp_flags = ATF_COM | ATF_PERM;
  strcpy(entry.arp_dev, "none");
  return Outcome(ioctl(fd, SIOCSARP, &entry));
}

std::string AddRoute() {
  const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  rtentry route{};
  route.rt_dst.sa_family = AF_UNIX;  // Wrong, for who is not refused.
  return Outcome(ioctl(fd, SIOCADDRT, &route));
}

// --- The name relay, which the server itself reads

int RelaySocket(int type) {
  const int fd = socket(AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(53);
  inet_pton(AF_INET, kRelay, &to.sin_addr);
  if (connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0 && errno != EINPROGRESS) {
    close(fd);
    return -1;
  }
  return fd;
}

// A question for the addresses of "x." (RFC 1035).
std::string Question(int number) {
  std::string question("\0\0\1\0\0\1\0\0\0\0\0\0\1x\0\0\1\0\1", 19);
  question[0] = static_cast<char>(number >> 8);
  question[1] = static_cast<char>(number);
  return question;
}

std::string FloodRelay() {
  const int fd = RelaySocket(SOCK_DGRAM);
  if (fd < 0) return ErrorName(errno);
  for (int i = 0; i < kFlood; ++i) {
    const std::string question = Question(i);
    send(fd, question.data(), question.size(), MSG_NOSIGNAL);
  }
  return "sent";
}

std::string SendRelayNonsense() {
  const int fd = RelaySocket(SOCK_DGRAM);
  if (fd < 0) return ErrorName(errno);
  const std::string question = Question(1);
  for (std::size_t size = 0; size < 12; ++size) {  // Less than a header.
    if (send(fd, question.data(), size, MSG_NOSIGNAL) < 0) return ErrorName(errno);
  }
  pollfd ready{fd, POLLIN, 0};
  return poll(&ready, 1, kAnswerMs) == 0 ? std::string("no answer") : std::string(kPossible);
}

// More than the relay lets one instance have at once.
std::string HoldRelay() {
  std::vector<pollfd> held;
  for (int i = 0; i < kHeld; ++i) held.push_back({RelaySocket(SOCK_STREAM), POLLIN | POLLHUP, 0});
  // Those that it does not take are closed at once.
  usleep(kAnswerMs * 1000);
  poll(held.data(), held.size(), 0);
  int open = 0;
  for (const pollfd& one : held) {
    open += one.fd >= 0 && one.revents == 0;
    if (one.fd >= 0) close(one.fd);
  }
  return open <= kMostHeld ? std::string(kNone) : Possible(std::to_string(open) + " held");
}

template <int kFamily, int kType, int kProtocol>
std::string Make() {
  return Outcome(Raw(SYS_socket, kFamily, kType | SOCK_CLOEXEC, kProtocol));
}

template <int kOption>
std::string SetMark() {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int one = 1;
  return Outcome(setsockopt(fd, SOL_SOCKET, kOption, &one, sizeof one));
}

std::string AttachFilter() {
  const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  sock_filter all{BPF_RET | BPF_K, 0, 0, 0xffff};
  const sock_fprog program{1, &all};
  return Outcome(setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program));
}
std::string AttachPortFilter() {
  const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  const int one = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one);
  sock_filter all{BPF_RET | BPF_K, 0, 0, 0};
  const sock_fprog program{1, &all};
  return Outcome(setsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &program, sizeof program));
}

std::string ChangeInterface() {
  const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  ifreq request{};
  strcpy(request.ifr_name, "lo");
  if (ioctl(fd, SIOCGIFFLAGS, &request) != 0) return ErrorName(errno);
  return Outcome(ioctl(fd, SIOCSIFFLAGS, &request));
}

std::string TakeInsideDoor() {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int one = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port = htons(static_cast<std::uint16_t>(NumberSetting("s3_port")));
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return Outcome(bind(fd, reinterpret_cast<const sockaddr*>(&at), sizeof at));
}

// Whether the door to the buckets passes on what is not for it.
std::string AskDoor(const std::string& request) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port = htons(static_cast<std::uint16_t>(NumberSetting("s3_port")));
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd, reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0) return ErrorName(errno);
  if (send(fd, request.data(), request.size(), MSG_NOSIGNAL) < 0) return ErrorName(errno);
  char line[64] = {};
  const ssize_t size = recv(fd, line, sizeof line - 1, MSG_WAITALL);
  if (size <= 0) return "closed";
  return std::string(line).starts_with("HTTP/1.1 4") ? std::string("refused") : Possible(line);
}

std::string Address() { return "127.0.0.1:" + Setting("api_port"); }
std::string AskDoorForApi() {
  return AskDoor("GET http://" + Address() + "/2023-03-30/functions HTTP/1.1\r\nHost: " +
                 Address() + "\r\nConnection: close\r\n\r\n");
}
std::string AskDoorForTunnel() {
  return AskDoor("CONNECT " + Address() + " HTTP/1.1\r\nHost: " + Address() + "\r\n\r\n");
}
std::string AskDoorForFile() {
  return AskDoor("GET /../../../../.." + Setting("host_file") +
                 " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
}

std::string ConnectUnix(const std::string& name, int type) {
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  if (name.empty() || name.size() >= sizeof to.sun_path) return "no name to connect to";
  memcpy(to.sun_path, name.data(), name.size());
  if (name[0] == '@') to.sun_path[0] = 0;
  const int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
  return Outcome(connect(fd, reinterpret_cast<const sockaddr*>(&to),
                         static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size())));
}
std::string ConnectAbstract() { return ConnectUnix(Setting("abstract_name"), SOCK_STREAM); }
std::string ConnectAbstractDatagram() {
  return ConnectUnix(Setting("abstract_name") + "-datagram", SOCK_DGRAM);
}
std::string ConnectVictimsAbstract() {
  return ConnectUnix(Setting("victim_abstract_name"), SOCK_STREAM);
}
std::string ConnectPath() { return ConnectUnix(Setting("socket_file"), SOCK_STREAM); }

// The table of Unix sockets shows one's own network namespace only.
std::string ListHostsSockets() {
  const std::string table = ReadFile("/proc/net/unix");
  return table.find(Setting("abstract_name")) == std::string::npos ? std::string(kNone)
                                                                   : std::string(kPossible);
}

}  // namespace

std::vector<Attack> NetworkAttacks() {
  constexpr auto kNotRefused = Outside::kNotRefused;
  constexpr int kAlg = 38, kVsock = 40, kXdp = 44, kSmc = 43, kTipc = 30, kBluetooth = 31;
  constexpr int kCan = 29, kKey = 15, kRds = 21, kPppox = 24, kNfc = 39, kX25 = 9, kQipcrtr = 42;
  constexpr int kDccp = 33, kUdpLite = 136, kMptcp = 262, kL2tp = 115, kSocketDccp = 6;
  return {
      {kNetwork, "connects to the host's loopback", "whatever listens there for the host only",
       ConnectLoopback, "ECONNREFUSED"},
      {kNetwork, "connects to the host's loopback over IPv6", "the same", ConnectLoopback6,
       "ECONNREFUSED|EADDRNOTAVAIL|ENETUNREACH"},
      {kNetwork, "connects to the host by 0.0.0.0", "the same", ConnectAny, "ECONNREFUSED"},
      {kNetwork, "connects to another address of the host", "its services", ConnectHost,
       "ECONNREFUSED"},
      {kNetwork, "sends a datagram to the host", "the same", SendDatagram, "EHOSTUNREACH|no answer",
       Outside::kNever, "the suite looks whether it has arrived"},
      {kNetwork, "asks the cloud's metadata address", "the machine's own credentials",
       ConnectMetadata, "ECONNREFUSED"},
      {kNetwork, "connects to the management API", "all functions, with a key it found", ConnectApi,
       "ECONNREFUSED"},
      {kNetwork, "connects to the door of functions", "others' functions, past their checks",
       ConnectFunctions, "ECONNREFUSED"},
      {kNetwork, "connects to another instance's port", "a program that trusts its loopback",
       ConnectVictim, "ECONNREFUSED", Outside::kNever, "the host is not in its namespace"},
      {kNetwork, "connects to another instance's address", "the same", ConnectVictimsAddress,
       "ECONNREFUSED", Outside::kNever, "the host does not reach it either"},
      {kNetwork, "connects to the host's end of its link", "the host's services", ConnectLink,
       "ECONNREFUSED"},
      {kNetwork, "connects to the management API by the host's end of its link",
       "all functions, with a key it found", ConnectLinksApi, "ECONNREFUSED", Outside::kNever,
       "the API listens on the loopback, unless the operator wants more"},
      {kNetwork, "connects to another port of its router", "the server, in whose namespace it is",
       ConnectRouter, "ECONNREFUSED", Outside::kNever, "the host does not reach it"},
      {kNetwork, "asks Alibaba Cloud's metadata address", "the machine's own credentials",
       ConnectAlibabaMetadata, "ECONNREFUSED"},
      {kNetwork, "connects to an IPv6 address", "a way out that no rule speaks of",
       ConnectInternet6, "ENETUNREACH|EADDRNOTAVAIL", Outside::kNever,
       "the suite's own namespace has no IPv6 outside either"},
      {kNetwork, "sends to its link's neighbours over IPv6", "its router and who else is there",
       SendToNeighbours6, "ENETUNREACH|EADDRNOTAVAIL", Outside::kNever, "there is no such link"},
      {kNetwork, "switches IPv6 on", "a way out that no rule speaks of", SwitchIpv6On,
       "EROFS|EACCES|ENOENT"},
      {kNetwork, "takes any address for its own", "packets with others' addresses", TakeAddress,
       "EPERM"},
      {kNetwork, "sends from another instance's address", "others' answers, or their blame",
       SendFromAnothersAddress, "EINVAL|ENETUNREACH|EADDRNOTAVAIL", Outside::kNever,
       "the kernel refuses it to everybody"},
      {kNetwork, "adds a neighbour that it makes up", "packets that are meant for others",
       AddNeighbour, "EPERM", kNotRefused},
      {kNetwork, "adds a route", "a way past its router", AddRoute, "EPERM", kNotRefused},
      {kNetwork, "floods the name relay with questions", "names, kept from all others", FloodRelay,
       "sent", Outside::kNever, "it would go off on the host"},
      {kNetwork, "sends the name relay what is no question", "the server's memory, or its end",
       SendRelayNonsense, "no answer", Outside::kNever, "the relay is not reached from there"},
      {kNetwork, "holds connections to the name relay", "the server's descriptors, used up",
       HoldRelay, "none", Outside::kNever, "the relay is not reached from there"},
      {kNetwork, "changes its network interface", "addresses of others", ChangeInterface, "EPERM"},
      {kNetwork, "marks its packets for routing", "rules of the host's firewall, passed",
       SetMark<SO_MARK>, "EPERM"},
      {kNetwork, "takes the place of the door to its buckets", "its own account's keys, in clear",
       TakeInsideDoor, "EADDRINUSE", Outside::kNever, "outside, the server has that port, too"},
      {kNetwork, "asks the door to its buckets for the management API",
       "a way round all of the above", AskDoorForApi, "refused", Outside::kNever,
       "the suite asks the same with keys"},
      {kNetwork, "asks the door to its buckets for a tunnel", "the same", AskDoorForTunnel,
       "refused|closed", Outside::kNever, "the suite asks the same with keys"},
      {kNetwork, "asks the door to its buckets for a file", "the host's files", AskDoorForFile,
       "refused", Outside::kNever, "the suite asks the same with keys"},
      {kProtocols, "makes a netlink socket", "routing, netfilter and their bugs",
       Make<AF_NETLINK, SOCK_RAW, 0>, "EPERM"},
      {kProtocols, "makes a packet socket", "others' traffic", Make<AF_PACKET, SOCK_RAW, 768>,
       "EPERM", kNotRefused},
      {kProtocols, "makes a raw IP socket", "packets with others' addresses",
       Make<AF_INET, SOCK_RAW, IPPROTO_ICMP>, "EPERM"},
      {kProtocols, "makes a raw IPv6 socket", "the same", Make<AF_INET6, SOCK_RAW, IPPROTO_ICMPV6>,
       "EPERM", kNotRefused},
      {kProtocols, "makes a ping socket", "a map of the network",
       Make<AF_INET, SOCK_DGRAM, IPPROTO_ICMP>, "EPERM|EACCES", kNotRefused},
      {kProtocols, "makes a vsock", "the hypervisor and what else it runs",
       Make<kVsock, SOCK_STREAM, 0>, "EPERM", kNotRefused},
      {kProtocols, "makes a socket for the kernel's ciphers", "AF_ALG and its bugs",
       Make<kAlg, SOCK_SEQPACKET, 0>, "EPERM", kNotRefused},
      {kProtocols, "makes an SCTP socket", "a module loaded for it, with its bugs",
       Make<AF_INET, SOCK_STREAM, IPPROTO_SCTP>, "EPERM", kNotRefused},
      {kProtocols, "makes an SCTP socket of packets", "the same",
       Make<AF_INET, SOCK_SEQPACKET, IPPROTO_SCTP>, "EPERM", kNotRefused},
      {kProtocols, "makes a DCCP socket", "the same", Make<AF_INET, kSocketDccp, kDccp>, "EPERM",
       kNotRefused},
      {kProtocols, "makes a UDP-Lite socket", "the same", Make<AF_INET, SOCK_DGRAM, kUdpLite>,
       "EPERM", kNotRefused},
      {kProtocols, "makes a multipath TCP socket", "the same", Make<AF_INET, SOCK_STREAM, kMptcp>,
       "EPERM", kNotRefused},
      {kProtocols, "makes an L2TP socket", "the same", Make<AF_INET, SOCK_DGRAM, kL2tp>, "EPERM",
       kNotRefused},
      {kProtocols, "makes an XDP socket", "the same", Make<kXdp, SOCK_RAW, 0>, "EPERM",
       kNotRefused},
      {kProtocols, "makes a TIPC socket", "the same", Make<kTipc, SOCK_STREAM, 0>, "EPERM",
       kNotRefused},
      {kProtocols, "makes a Bluetooth socket", "the same", Make<kBluetooth, SOCK_RAW, 1>, "EPERM",
       kNotRefused},
      {kProtocols, "makes a CAN socket", "the same", Make<kCan, SOCK_RAW, 1>, "EPERM", kNotRefused},
      {kProtocols, "makes an IPsec key socket", "the same", Make<kKey, SOCK_RAW, 2>, "EPERM",
       kNotRefused},
      {kProtocols, "makes an RDS socket", "the same", Make<kRds, SOCK_SEQPACKET, 0>, "EPERM",
       kNotRefused},
      {kProtocols, "makes a PPP socket", "the same", Make<kPppox, SOCK_DGRAM, 1>, "EPERM",
       kNotRefused},
      {kProtocols, "makes an SMC socket", "the same", Make<kSmc, SOCK_STREAM, 0>, "EPERM",
       kNotRefused},
      {kProtocols, "makes an NFC socket", "the same", Make<kNfc, SOCK_RAW, 1>, "EPERM",
       kNotRefused},
      {kProtocols, "makes an X.25 socket", "the same", Make<kX25, SOCK_SEQPACKET, 0>, "EPERM",
       kNotRefused},
      {kProtocols, "makes a Qualcomm IPC socket", "the same", Make<kQipcrtr, SOCK_DGRAM, 0>,
       "EPERM", kNotRefused},
      {kProtocols, "attaches a packet filter", "code of its choice, compiled in the kernel",
       AttachFilter, "EPERM"},
      {kProtocols, "attaches a filter to a shared port", "the same", AttachPortFilter, "EPERM"},
      {kLocal, "connects to an abstract Unix socket of the host", "services such as containerd's",
       ConnectAbstract, "ECONNREFUSED"},
      {kLocal, "connects to an abstract datagram socket of the host", "the same",
       ConnectAbstractDatagram, "ECONNREFUSED"},
      {kLocal, "connects to an abstract Unix socket of another function", "a program of others",
       ConnectVictimsAbstract, "ECONNREFUSED", Outside::kNever, "the host is not in its namespace"},
      {kLocal, "connects to a Unix socket file of the host", "services such as Docker's",
       ConnectPath, "ENOENT"},
      {kLocal, "lists the host's Unix sockets", "what runs there", ListHostsSockets, "none"},
  };
}

}  // namespace probe
