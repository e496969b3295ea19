#include "egress/router.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

#include "egress/links.h"
#include "egress/network_visit.h"
#include "egress/packet_filter.h"
#include "egress/reachable.h"

namespace ebb::egress {
namespace {

// What goes out at last.  A sandbox that exceeds its limits is kept from the Internet and nobody
// else: not from the host's tables of connections either, which all have in common.
struct Metered {
  Meter pace;
  Meter connections;

  explicit Metered(const Limits& limits)
      : pace{"pace", Meter::Kind::kPerSecond, limits.connections_per_s},
        connections{"connections", Meter::Kind::kConnections, limits.connections} {}
  std::vector<Chain> Chains() const {
    // Both ways a packet that no meter can remember is not let through.
    return {
        {"paced",
         Hook::kNone,
         Policy::kAccept,
         {Rule().Within(connections).Accept(), Rule().Jump("refuse")}},
        {"out", Hook::kNone, Policy::kAccept, {Rule().Within(pace).Jump("paced"), Rule().Drop()}}};
  }
};

// Between the links.  What no rule speaks of is dropped: from the host to a sandbox.
Chain Forward(const std::vector<Opening>& openings) {
  Chain chain{"forward", Hook::kForward, Policy::kDrop, {}};
  chain.rules.push_back(Rule().NotIpv4().Drop());
  chain.rules.push_back(Rule().Answering().Accept());
  chain.rules.push_back(Rule().From(kUplink).Drop());
  for (const Opening& opening : openings) {
    for (Rule& rule : ToOpening(Rule().To(kUplink), opening)) {
      chain.rules.push_back(rule.Jump("out"));
    }
  }
  for (const Block& block : kRefused) chain.rules.push_back(Rule().ToBlock(block).Jump("refuse"));
  chain.rules.push_back(Rule().To(kUplink).Jump("out"));
  return chain;
}

// To the router itself, which only answers for names.
Chain Input() {
  Chain chain{"input", Hook::kInput, Policy::kDrop, {}};
  chain.rules.push_back(Rule().NotIpv4().Drop());
  chain.rules.push_back(Rule().Answering().Accept());
  chain.rules.push_back(Rule().From(kUplink).Drop());
  for (Rule& rule : ToOpening(Rule(), {{kResolverAddress, 32}, 53})) {
    chain.rules.push_back(rule.Accept());
  }
  chain.rules.push_back(Rule().Jump("refuse"));
  return chain;
}

// So that the host sees one neighbour only, whose address it knows.
Chain Hide() {
  return {"hide", Hook::kPostrouting, Policy::kAccept, {Rule().To(kUplink).Masquerade()}};
}

Result<void> FillFilter(const std::vector<Opening>& openings, const Limits& limits) {
  auto filter = NetlinkSocket::Open(NETLINK_NETFILTER);
  if (!filter) return Fail(filter.error());
  const Metered metered(limits);
  std::vector<Chain> chains = metered.Chains();
  for (Chain chain : {RefusalChain("refuse"), Forward(openings), Input(), Hide()}) {
    chains.push_back(std::move(chain));
  }
  const int failed = MakeTable(*filter, "ebb", Lifetime::kOfNamespace, chains,
                               {metered.pace, metered.connections});
  if (failed != 0) return Fail(Error::System("set up the packet filter (nftables)", failed));
  return {};
}

Result<void> Set(const char* path, std::string_view value) {
  const base::Fd file(open(path, O_WRONLY | O_CLOEXEC));
  if (file.valid() && write(file.get(), value.data(), value.size()) > 0) return {};
  return Fail(Error::System(std::string("write ") + path, errno));
}

Result<void> SetUpKernel() {
  // A kernel without IPv6 has no such file, and needs none.
  constexpr const char* kNoIpv6 = "/proc/sys/net/ipv6/conf/default/disable_ipv6";
  if (access(kNoIpv6, F_OK) == 0) {
    if (auto set = Set(kNoIpv6, "1"); !set) return set;
  }
  // No namespace can pass for another, should it get to choose its address.
  if (auto set = Set("/proc/sys/net/ipv4/conf/all/rp_filter", "1"); !set) return set;
  // Else who is refused more than once a second waits instead of being told.
  if (auto set = Set("/proc/sys/net/ipv4/icmp_ratelimit", "0"); !set) return set;
  return Set("/proc/sys/net/ipv4/ip_forward", "1");
}

// Once the filter is there, which makes the kernel remember connections.
Result<void> ForgetIdleConnections() {
  // The kernel's own is five days: whoever is gone by then would be counted all the while.
  return Set("/proc/sys/net/netfilter/nf_conntrack_tcp_timeout_established", "3600");
}

Result<base::Fd> BindResolver(int type) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(53);
  address.sin_addr.s_addr = htonl(kResolverAddress);
  base::Fd fd(socket(AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.valid() || bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
      (type == SOCK_STREAM && listen(fd.get(), SOMAXCONN) != 0)) {
    return Fail(Error::System("open the resolver's port", errno));
  }
  return fd;
}

Result<void> AddResolverAddress(NetlinkSocket& links) {
  const std::uint32_t loopback = if_nametoindex("lo");
  Messages messages;
  AddUp(messages, loopback);
  AddAddress(messages, loopback, {kResolverAddress, 32});
  const int failed = links.Send(std::move(messages));
  if (failed != 0) return Fail(Error::System("give the router its address", failed));
  return {};
}

}  // namespace

Result<void> Router::AddUplink(Address own, Address host) {
  auto visit = NetworkVisit::Enter(network);
  if (!visit) return Fail(visit.error());
  const std::uint32_t uplink = if_nametoindex(kUplink);
  Messages messages;
  AddUp(messages, uplink);
  AddAddress(messages, uplink, {own, 31});
  AddRoute(messages, {0, 0}, uplink, host);
  const int failed = links.Send(std::move(messages));
  if (failed != 0) return Fail(Error::System("route from the router to the host", failed));
  return {};
}

Result<Router> Router::Make(const std::vector<Opening>& openings, const Limits& limits) {
  auto visit = NetworkVisit::EnterNew();
  if (!visit) return Fail(visit.error());
  auto network = visit->Hold();
  if (!network) return Fail(network.error());
  auto links = NetlinkSocket::Open(NETLINK_ROUTE);
  if (!links) return Fail(links.error());
  if (auto set = SetUpKernel(); !set) return Fail(set.error());
  if (auto filled = FillFilter(openings, limits); !filled) return Fail(filled.error());
  if (auto set = ForgetIdleConnections(); !set) return Fail(set.error());
  if (auto added = AddResolverAddress(*links); !added) return Fail(added.error());
  auto udp = BindResolver(SOCK_DGRAM);
  if (!udp) return Fail(udp.error());
  auto tcp = BindResolver(SOCK_STREAM);
  if (!tcp) return Fail(tcp.error());
  return Router{std::move(*network), std::move(*links), std::move(*udp), std::move(*tcp)};
}

}  // namespace ebb::egress
