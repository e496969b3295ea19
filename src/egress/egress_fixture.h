// egress/egress_fixture.h
// For tests: a network namespace that plays the host, one behind it that plays the Internet, and
// sandboxes' namespaces.  The machine's own network is not touched.  Needs root.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <linux/netlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "egress/egress.h"
#include "egress/links.h"
#include "egress/network_visit.h"

namespace ebb::egress {

inline sockaddr_in EndPoint(const std::string& address, std::uint16_t port) {
  sockaddr_in point{};
  point.sin_family = AF_INET;
  point.sin_port = htons(port);
  point.sin_addr.s_addr = htonl(*ParseAddress(address));
  return point;
}

// A socket of the namespace that the thread is in.
inline base::Fd SocketHere(int type) {
  base::Fd fd(socket(AF_INET, type | SOCK_CLOEXEC, 0));
  const timeval patience{20, 0};  // Nobody waits this long unless something is broken.
  setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  return fd;
}

class EgressFixture : public testing::Test {
 protected:
  static constexpr const char* kHostOutside = "203.0.113.1";  // RFC 5737: nobody's.
  static constexpr const char* kInternet = "203.0.113.2";
  static constexpr const char* kPrivate = "10.1.2.3";  // Behind the same link.

  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "needs root, as ebb serve does";
    auto host = NetworkVisit::EnterNew();
    ASSERT_TRUE(host) << host.error().Describe();
    host_ = std::make_unique<NetworkVisit>(std::move(*host));
    BringUp("lo");
    internet_ = MakeNamespace();
    NetlinkSocket links = *NetlinkSocket::Open(NETLINK_ROUTE);
    Messages here;
    AddPair(here, {"outside", 0}, {"host", 0}, internet_);
    ASSERT_EQ(links.Send(std::move(here)), 0);
    FillInternet();
    Messages address;
    AddUp(address, if_nametoindex("outside"));
    AddAddress(address, if_nametoindex("outside"), {*ParseAddress(kHostOutside), 24});
    AddRoute(address, {0, 0}, if_nametoindex("outside"), *ParseAddress(kInternet));
    ASSERT_EQ(links.Send(std::move(address)), 0);
    pool_.emplace(1);  // Its thread begins in the namespace that plays the host.
  }

  void TearDown() override {
    egress_.reset();
    pool_.reset();
  }

  void Open(const std::string& openings = "", const std::string& name_servers = "",
            Limits limits = {}) {
    Config config;
    config.name = "ebb-test";
    config.limits = limits;
    config.openings = *ParseOpenings(openings);
    config.name_servers = *ParseNameServers(name_servers);
    auto opened = Egress::Open(io_, *pool_, clock_, config);
    ASSERT_TRUE(opened) << opened.error().Describe();
    egress_ = std::move(*opened);
  }

  base::Fd MakeNamespace() {
    auto visit = NetworkVisit::EnterNew();
    BringUp("lo");
    return *visit->Hold();
  }

  struct Sandbox {
    base::Fd network;
    std::unique_ptr<Connection> connection;
  };
  Sandbox MakeSandbox() {
    Sandbox sandbox{MakeNamespace(), nullptr};
    auto connected = egress_->Connect(sandbox.network);
    if (!connected) {
      ADD_FAILURE() << connected.error().Describe();
    } else {
      sandbox.connection = std::move(*connected);
    }
    return sandbox;
  }

  // Listens on all addresses of `network`.
  base::Fd Listen(const base::Fd& network, std::uint16_t port) {
    auto visit = NetworkVisit::Enter(network);
    base::Fd fd = SocketHere(SOCK_STREAM);
    const sockaddr_in any = EndPoint("0.0.0.0", port);
    EXPECT_EQ(bind(fd.get(), reinterpret_cast<const sockaddr*>(&any), sizeof any), 0);
    EXPECT_EQ(listen(fd.get(), 16), 0);
    return fd;
  }

  // The errno of a TCP connection from inside; 0: it came about.
  int Connects(const base::Fd& from, const std::string& address, std::uint16_t port,
               timeval patience = {20, 0}) {
    auto visit = NetworkVisit::Enter(from);
    const base::Fd fd = SocketHere(SOCK_STREAM);
    setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    const sockaddr_in to = EndPoint(address, port);
    return connect(fd.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0 ? 0 : errno;
  }

  // A TCP connection from inside; not valid if it did not come about.
  base::Fd Connected(const base::Fd& from, const std::string& address, std::uint16_t port) {
    auto visit = NetworkVisit::Enter(from);
    base::Fd fd = SocketHere(SOCK_STREAM);
    const sockaddr_in to = EndPoint(address, port);
    if (connect(fd.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) return {};
    return fd;
  }

  // For what must not come about, and is not answered either: who waits longer learns no more.
  static constexpr timeval kBriefly{0, 200'000};

  static void BringUp(const std::string& link) {
    Messages messages;
    AddUp(messages, if_nametoindex(link.c_str()));
    ASSERT_EQ(NetlinkSocket::Open(NETLINK_ROUTE)->Send(std::move(messages)), 0);
  }

  std::unique_ptr<NetworkVisit> host_;
  base::Fd internet_;
  SystemClock clock_;
  asio::io_context io_;
  std::optional<net::BlockingPool> pool_;
  std::unique_ptr<Egress> egress_;

 private:
  void FillInternet() {
    auto visit = NetworkVisit::Enter(internet_);
    Messages messages;
    AddUp(messages, if_nametoindex("host"));
    AddAddress(messages, if_nametoindex("host"), {*ParseAddress(kInternet), 24});
    AddAddress(messages, if_nametoindex("lo"), {*ParseAddress(kPrivate), 32});
    ASSERT_EQ(NetlinkSocket::Open(NETLINK_ROUTE)->Send(std::move(messages)), 0);
  }
};

}  // namespace ebb::egress
