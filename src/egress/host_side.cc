#include "egress/host_side.h"

#include <fcntl.h>
#include <linux/netlink.h>
#include <net/if.h>

#include <cerrno>
#include <utility>

#include "base/hash.h"
#include "base/log.h"
#include "egress/links.h"
#include "egress/packet_filter.h"
#include "egress/reachable.h"

namespace ebb::egress {
namespace {

// IFNAMSIZ leaves room for 15 characters.
std::string LinkName(const std::string& name) {
  return "ebb" + base::Sha256Hex(name).substr(0, 12);
}

// The host's address on the link; the router's is the next.  Other servers on this machine have
// others.
Result<Address> ChooseAddress(const std::string& link) {
  const std::set<Address> taken = AddressesOfHost();
  const unsigned first = std::hash<std::string>()(link) % kHostLinks;
  for (unsigned i = 0; i < kHostLinks; ++i) {
    const Address host = kFirstHostLink + (first + i) % kHostLinks * 2;
    if (!taken.contains(host) && !taken.contains(host + 1)) return host;
  }
  return Fail(Error::Unavailable("no address between 169.254.0.2 and 169.254.0.255 is free"));
}

std::vector<Rule> ToHost(const std::string& link, const std::vector<Opening>& openings) {
  std::vector<Rule> rules = {Rule().From(link).NotIpv4().Drop()};
  for (const Opening& opening : openings) {
    for (Rule& rule : ToOpening(Rule().From(link), opening)) rules.push_back(rule.Accept());
  }
  rules.push_back(Rule().From(link).Jump("refuse"));
  return rules;
}

}  // namespace

HostSide::HostSide(std::string link, NetlinkSocket links, NetlinkSocket filter, ForwardingDebt debt)
    : link_(std::move(link)),
      links_(std::move(links)),
      filter_(std::move(filter)),
      debt_(std::move(debt)) {}

HostSide::~HostSide() {
  if (!debt_.file().valid()) return;  // Moved from.
  const base::Fd sysctl(open("/proc/sys/net/ipv4", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (sysctl.valid()) PayForwardingDebt(debt_.file(), sysctl);
  Messages messages;
  RemoveLink(messages, link_);
  const int failed = links_.Send(std::move(messages));
  if (failed != 0 && failed != ENODEV) {
    log::Warn("the link to functions stays", {{"link", link_}, {"errno", failed}});
  }
}

Result<HostSide> HostSide::Make(const std::string& name, const std::vector<Opening>& openings,
                                Router& router) {
  auto links = NetlinkSocket::Open(NETLINK_ROUTE);
  if (!links) return Fail(links.error());
  auto filter = NetlinkSocket::Open(NETLINK_NETFILTER);
  if (!filter) return Fail(filter.error());
  auto debt = ForwardingDebt::Begin();
  if (!debt) return Fail(debt.error());
  const std::string link = LinkName(name);
  auto address = ChooseAddress(link);
  if (!address) return Fail(address.error());
  HostSide side(link, std::move(*links), std::move(*filter), std::move(*debt));
  // The filter is there before anything can pass.
  if (auto added = side.AddTable(openings, *address + 1); !added) return Fail(added.error());
  if (auto added = side.AddLink(*address, router); !added) return Fail(added.error());
  if (auto opened = side.OpenUplinks(); !opened) return Fail(opened.error());
  return side;
}

Result<void> HostSide::AddTable(const std::vector<Opening>& openings, Address router) {
  const std::vector<Rule> through = {
      Rule().From(link_).NotIpv4().Drop(), Rule().From(link_).Accept(),
      Rule().To(link_).Answering().Accept(), Rule().To(link_).Drop()};
  const std::vector<Rule> as_before = {Rule().Answering().Accept(), Rule().Redirected().Accept(),
                                       Rule().Drop()};
  const std::vector<Chain> chains = {
      RefusalChain("refuse"),
      {"as_before", Hook::kNone, Policy::kAccept, as_before},
      {"forward", Hook::kForward, Policy::kAccept, through},
      {"input", Hook::kInput, Policy::kAccept, ToHost(link_, openings)},
      {"hide",
       Hook::kPostrouting,
       Policy::kAccept,
       {Rule().Ipv4().FromAddress(router).Masquerade()}}};
  const int failed = MakeTable(filter_, link_, Lifetime::kOfSocket, chains);
  if (failed != 0) return Fail(Error::System("set up the packet filter (nftables)", failed));
  return {};
}

Result<void> HostSide::AddLink(Address host, Router& router) {
  Messages stale;
  RemoveLink(stale, link_);  // Of a server that was killed: its namespaces may take a moment to go.
  const int unlinked = links_.Send(std::move(stale));
  Messages pair;
  AddPair(pair, {link_, 0}, {kUplink, 0}, router.network);
  if (const int failed = links_.Send(std::move(pair)); failed != 0) {
    return Fail(Error::System("link functions' network to the host's", failed)
                    .With("removing the old link gave errno " + std::to_string(unlinked)));
  }
  const std::uint32_t number = if_nametoindex(link_.c_str());
  Messages ours;
  AddUp(ours, number);
  AddAddress(ours, number, {host, 31});
  if (const int failed = links_.Send(std::move(ours)); failed != 0) {
    return Fail(Error::System("give the link to functions its address", failed));
  }
  if (auto on = SetForwards(link_, true); !on) return on;
  if (auto added = router.AddUplink(host + 1, host); !added) return added;
  Messages settle;  // As in egress.cc.
  AskForLink(settle, number);
  if (const int failed = links_.Send(std::move(settle)); failed != 0) {
    return Fail(Error::System("look at the link to functions", failed));
  }
  return {};
}

Result<void> HostSide::OpenUplinks() {
  auto routed = RoutedLinks(link_);
  if (!routed) return Fail(routed.error());
  for (const std::string& link : *routed) {
    auto forwards = Forwards(link);
    if (!forwards) return Fail(forwards.error());
    if (*forwards) continue;
    if (!guarded_.contains(link)) {
      if (auto noted = debt_.Add(link); !noted) return noted;
      // Without it everyone who reaches the link could use this machine as a router.
      const int failed = AddRule(filter_, link_, "forward", Rule().From(link).Jump("as_before"));
      if (failed != 0) return Fail(Error::System("set up the packet filter (nftables)", failed));
      guarded_.insert(link);
    }
    if (auto on = SetForwards(link, true); !on) return on;
  }
  return {};
}

}  // namespace ebb::egress
