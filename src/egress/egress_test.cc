// Real packets between real namespaces; needs root.
#include <filesystem>
#include <fstream>

#include "base/file.h"
#include "egress/egress_fixture.h"
#include "egress/forwarding.h"
#include "egress/reachable.h"
#include "testkit/run_task.h"

namespace ebb::egress {
namespace {

class EgressTest : public EgressFixture {};

TEST_F(EgressTest, SandboxReachesTheInternetWithTheHostsAddress) {
  Open();
  const Sandbox sandbox = MakeSandbox();
  const base::Fd listener = Listen(internet_, 80);
  auto visit = NetworkVisit::Enter(sandbox.network);
  const base::Fd inside = SocketHere(SOCK_STREAM);
  const sockaddr_in to = EndPoint(kInternet, 80);
  ASSERT_EQ(connect(inside.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to), 0)
      << strerror(errno);
  sockaddr_in from{};
  socklen_t size = sizeof from;
  const base::Fd outside(accept(listener.get(), reinterpret_cast<sockaddr*>(&from), &size));
  EXPECT_EQ(FormatAddress(ntohl(from.sin_addr.s_addr)), kHostOutside);
  ASSERT_EQ(send(outside.get(), "hello", 5, 0), 5);
  char answer[5];
  ASSERT_EQ(recv(inside.get(), answer, sizeof answer, MSG_WAITALL), 5);
  EXPECT_EQ(std::string(answer, 5), "hello");
}

TEST_F(EgressTest, UnconnectedNamespaceReachesNothing) {
  Open();
  const base::Fd listener = Listen(internet_, 80);
  EXPECT_EQ(Connects(MakeNamespace(), kInternet, 80), ENETUNREACH);
}

TEST_F(EgressTest, PrivateLinkLocalAndMetadataAddressesAreRefused) {
  Open();
  const Sandbox sandbox = MakeSandbox();
  const base::Fd listener = Listen(internet_, 80);
  for (const char* address : {kPrivate, "169.254.169.254", "172.16.0.1", "192.168.1.1",
                              "100.100.100.200", "168.63.129.16", "192.0.0.192"}) {
    EXPECT_EQ(Connects(sandbox.network, address, 80), ECONNREFUSED) << address;
  }
}

TEST_F(EgressTest, EveryAddressOfTheHostIsRefused) {
  Open();
  const Sandbox sandbox = MakeSandbox();
  const base::Fd listener = Listen(*host_->Hold(), 8900);
  ASSERT_EQ(Connects(*host_->Hold(), kHostOutside, 8900), 0);
  EXPECT_EQ(Connects(sandbox.network, kHostOutside, 8900), ECONNREFUSED);
  for (int last = 1; last < 256; ++last) {  // Whichever of these is the link's.
    EXPECT_EQ(Connects(sandbox.network, "169.254.0." + std::to_string(last), 8900), ECONNREFUSED);
  }
}

TEST_F(EgressTest, SandboxDoesNotReachAnother) {
  Open();
  const Sandbox one = MakeSandbox();
  const Sandbox other = MakeSandbox();
  const base::Fd listener = Listen(other.network, 9000);
  for (const char* address : {"169.254.1.0", "169.254.1.1"}) {
    EXPECT_EQ(Connects(one.network, address, 9000), ECONNREFUSED) << address;
    EXPECT_NE(Connects(*host_->Hold(), address, 9000, kBriefly), 0) << address;
  }
  EXPECT_EQ(Connects(other.network, "169.254.1.1", 9000), 0);
}

TEST_F(EgressTest, OpeningLetsExactlyItsBlockAndPortThrough) {
  Open("10.1.2.0/24:80,203.0.113.1:5432");
  const Sandbox sandbox = MakeSandbox();
  const base::Fd outside80 = Listen(internet_, 80);
  const base::Fd outside81 = Listen(internet_, 81);
  const base::Fd host5432 = Listen(*host_->Hold(), 5432);
  const base::Fd host8900 = Listen(*host_->Hold(), 8900);
  EXPECT_EQ(Connects(sandbox.network, kPrivate, 80), 0);
  EXPECT_EQ(Connects(sandbox.network, kPrivate, 81), ECONNREFUSED);
  EXPECT_EQ(Connects(sandbox.network, "10.1.3.3", 80), ECONNREFUSED);
  EXPECT_EQ(Connects(sandbox.network, kHostOutside, 5432), 0);
  EXPECT_EQ(Connects(sandbox.network, kHostOutside, 8900), ECONNREFUSED);
}

// Whoever deploys is told what the filters will do.
TEST_F(EgressTest, NameServerIsRefusedExactlyWhenThePacketFilterRefusesIt) {
  const std::string openings = "10.1.2.3:53,203.0.113.1:5432";
  Open(openings);
  const Sandbox sandbox = MakeSandbox();
  const base::Fd beyond = Listen(internet_, 53);
  const base::Fd host = Listen(*host_->Hold(), 53);
  for (const char* address :
       {kInternet, kHostOutside, kPrivate, "10.1.2.4", "127.0.0.1", "169.254.169.254",
        "100.100.100.200", "172.31.255.255", "192.168.0.1", "192.0.0.8", "168.63.129.16"}) {
    const auto checked = CheckNameServer(address, *ParseOpenings(openings));
    EXPECT_EQ(checked.has_value(), Connects(sandbox.network, address, 53) == 0) << address;
  }
}

TEST_F(EgressTest, RefusedNameServerSaysWhatTheOperatorCanDo) {
  const auto refused = CheckNameServer("10.1.2.3", *ParseOpenings("10.1.2.0/24:80"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message(),
            "functions do not reach name server 10.1.2.3, which is private or link-local: have ebb "
            "serve run with --egress-allow 10.1.2.3:53");
  EXPECT_TRUE(CheckNameServer("10.1.2.3", *ParseOpenings("10.1.2.0/24")));
  EXPECT_TRUE(CheckNameServer("10.1.2.3", *ParseOpenings("0.0.0.0/0:53")));
  const auto host = CheckNameServer(kHostOutside, {});
  ASSERT_FALSE(host);
  EXPECT_TRUE(host.error().message().contains("the host itself")) << host.error().message();
}

TEST_F(EgressTest, SandboxWithTooManyConnectionsIsRefusedOneMoreUntilItClosesOne) {
  Open("10.1.2.3:80", "", {.connections = 3});
  const Sandbox greedy = MakeSandbox();
  const Sandbox modest = MakeSandbox();
  const base::Fd listener = Listen(internet_, 80);
  std::vector<base::Fd> open;
  for (const char* address : {kInternet, kInternet, kPrivate}) {
    open.push_back(Connected(greedy.network, address, 80));
    ASSERT_TRUE(open.back().valid()) << address;
  }
  EXPECT_EQ(Connects(greedy.network, kInternet, 80), ECONNREFUSED);
  EXPECT_EQ(Connects(greedy.network, kPrivate, 80), ECONNREFUSED);
  EXPECT_EQ(Connects(modest.network, kInternet, 80), 0);
  // Reset, as a program that is killed with unread data would: it is over at once.
  const linger at_once{1, 0};
  setsockopt(open.back().get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  open.pop_back();
  // The kernel looks for closed ones once a tick.
  int outcome = ECONNREFUSED;
  for (int i = 0; i < 100'000 && outcome == ECONNREFUSED; ++i) {
    outcome = Connects(greedy.network, kInternet, 80);
  }
  EXPECT_EQ(outcome, 0);
}

TEST_F(EgressTest, ConnectionsThatComeTooFastWait) {
  Open("", "", {.connections_per_s = 5});
  const Sandbox hasty = MakeSandbox();
  const Sandbox calm = MakeSandbox();
  const base::Fd listener = Listen(internet_, 80);
  int at_once = 0;
  while (at_once < 1000 && Connects(hasty.network, kInternet, 80, kBriefly) == 0) ++at_once;
  EXPECT_GE(at_once, 5);
  EXPECT_LT(at_once, 1000);
  EXPECT_EQ(Connects(calm.network, kInternet, 80), 0);
  EXPECT_EQ(Connects(hasty.network, kInternet, 80), 0);  // The kernel asks again a second later.
}

TEST_F(EgressTest, CutTakesTheWayOutAway) {
  Open();
  const Sandbox sandbox = MakeSandbox();
  const base::Fd listener = Listen(internet_, 80);
  ASSERT_EQ(Connects(sandbox.network, kInternet, 80), 0);
  auto cut = sandbox.connection->Cut();
  ASSERT_TRUE(cut) << cut.error().Describe();
  EXPECT_EQ(Connects(sandbox.network, kInternet, 80), ENETUNREACH);
  auto visit = NetworkVisit::Enter(sandbox.network);
  EXPECT_EQ(if_nametoindex("eth0"), 0U);
}

TEST_F(EgressTest, NothingOfTheInternetReachesASandboxUnasked) {
  Open();
  const Sandbox sandbox = MakeSandbox();
  const base::Fd listener = Listen(sandbox.network, 9000);
  {  // As a neighbour of the host would who takes it for a router.
    auto visit = NetworkVisit::Enter(internet_);
    Messages route;
    AddRoute(route, {MakeAddress(169, 254, 0, 0), 16}, if_nametoindex("host"),
             *ParseAddress(kHostOutside));
    ASSERT_EQ(NetlinkSocket::Open(NETLINK_ROUTE)->Send(std::move(route)), 0);
  }
  EXPECT_NE(Connects(internet_, "169.254.1.0", 9000, kBriefly), 0);
}

// The host's other network, which its neighbours must not reach through it.
TEST_F(EgressTest, HostRoutesForNobodyElse) {
  const base::Fd office = MakeNamespace();
  NetlinkSocket links = *NetlinkSocket::Open(NETLINK_ROUTE);
  Messages pair;
  AddPair(pair, {"office", 0}, {"host", 0}, office);
  ASSERT_EQ(links.Send(std::move(pair)), 0);
  Messages address;
  AddUp(address, if_nametoindex("office"));
  AddAddress(address, if_nametoindex("office"), {MakeAddress(198, 51, 100, 1), 24});
  ASSERT_EQ(links.Send(std::move(address)), 0);
  {
    auto visit = NetworkVisit::Enter(office);
    Messages inside;
    AddUp(inside, if_nametoindex("host"));
    AddAddress(inside, if_nametoindex("host"), {MakeAddress(198, 51, 100, 2), 24});
    AddRoute(inside, {0, 0}, if_nametoindex("host"), MakeAddress(198, 51, 100, 1));
    ASSERT_EQ(NetlinkSocket::Open(NETLINK_ROUTE)->Send(std::move(inside)), 0);
  }
  {
    auto visit = NetworkVisit::Enter(internet_);
    Messages route;
    AddRoute(route, {MakeAddress(198, 51, 100, 0), 24}, if_nametoindex("host"),
             *ParseAddress(kHostOutside));
    ASSERT_EQ(NetlinkSocket::Open(NETLINK_ROUTE)->Send(std::move(route)), 0);
  }
  const base::Fd listener = Listen(office, 80);
  Open();
  EXPECT_TRUE(*Forwards("outside"));
  EXPECT_NE(Connects(internet_, "198.51.100.2", 80, kBriefly), 0);
  const Sandbox sandbox = MakeSandbox();
  EXPECT_EQ(Connects(sandbox.network, "198.51.100.2", 80), 0);
  // With forwarding on and the guard gone it would have come through.
  egress_.reset();
  ASSERT_TRUE(SetForwards("outside", true));
  ASSERT_TRUE(SetForwards("office", true));
  EXPECT_EQ(Connects(internet_, "198.51.100.2", 80), 0);
}

TEST_F(EgressTest, ForwardingIsPutBackAsItWas) {
  ASSERT_FALSE(*Forwards("outside"));
  Open();
  EXPECT_TRUE(*Forwards("outside"));
  EXPECT_EQ(*base::ReadFile("/proc/sys/net/ipv4/ip_forward"), "0\n");
  egress_.reset();
  EXPECT_FALSE(*Forwards("outside"));
}

TEST_F(EgressTest, ForwardingThatSomebodyElseWantsStays) {
  Open();
  std::ofstream("/proc/sys/net/ipv4/ip_forward") << "1";
  egress_.reset();
  EXPECT_TRUE(*Forwards("outside"));
}

TEST_F(EgressTest, LinksAndTableAreGoneAfterwards) {
  const auto count = [] {
    std::size_t links = 0;
    std::istringstream lines(*base::ReadFile("/proc/thread-self/net/dev"));
    for (std::string line; std::getline(lines, line);) links += line.contains(":");
    return links;
  };
  const std::size_t before = count();
  Open();
  EXPECT_EQ(count(), before + 1);
  for (int i = 0; i < 50; ++i) MakeSandbox();
  EXPECT_EQ(count(), before + 1);
  egress_.reset();
  EXPECT_EQ(count(), before);
  Open();  // The table's name is free again.
}

TEST_F(EgressTest, AddressesOfSandboxesThatAreGoneAreUsedAgain) {
  Open();
  for (int i = 0; i < 2; ++i) {
    std::vector<Sandbox> many;
    many.reserve(20);
    for (int k = 0; k < 20; ++k) many.push_back(MakeSandbox());
    const base::Fd listener = Listen(internet_, 80);
    EXPECT_EQ(Connects(many.back().network, kInternet, 80), 0);
  }
}

TEST_F(EgressTest, TwoServersOfOneMachineHaveLinksOfTheirOwn) {
  Open();
  const Sandbox one = MakeSandbox();
  std::unique_ptr<Egress> first = std::move(egress_);
  Config config;
  config.name = "ebb-other";
  egress_ = std::move(*Egress::Open(io_, *pool_, clock_, config));
  const Sandbox other = MakeSandbox();
  const base::Fd listener = Listen(internet_, 80);
  EXPECT_EQ(Connects(one.network, kInternet, 80), 0);
  EXPECT_EQ(Connects(other.network, kInternet, 80), 0);
}

}  // namespace
}  // namespace ebb::egress
