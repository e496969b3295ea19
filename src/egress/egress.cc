#include "egress/egress.h"

#include <fcntl.h>
#include <linux/netlink.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <utility>

#include "base/guarded.h"
#include "base/log.h"
#include "egress/dns_relay.h"
#include "egress/host_side.h"
#include "egress/links.h"
#include "egress/network_visit.h"
#include "egress/router.h"
#include "net/task_group.h"
#include "net/timing.h"

namespace ebb::egress {
namespace {

constexpr auto kLookAtRoutes = std::chrono::seconds(5);  // Guessed: what a new route may wait.
constexpr int kTries = 64;
// Inside the sandbox: above the numbers that the kernel gives to links by itself.
constexpr LinkEnd MakeInside() { return {"eth0", 100}; }

// Where a sandbox is connected.
struct Place {
  int address = 0;  // Which of the sandboxes'.
  // The router's end.  No two links ever have one number: the filter counts connections by it, and
  // those of a sandbox that is gone must not be another's.
  std::uint32_t link = 0;
};

// Which of the sandboxes' addresses are taken.  A new one is the one that was longest out of use:
// late answers to its last owner have dried up.
class Places {
 public:
  std::optional<Place> Take() {
    for (int i = 0; i < kSandboxes; ++i) {
      const int place = next_++ % kSandboxes;
      if (taken_[static_cast<std::size_t>(place)]) continue;
      taken_[static_cast<std::size_t>(place)] = true;
      return Place{place, next_link_++};
    }
    return std::nullopt;
  }
  void GiveBack(const Place& place) { taken_[static_cast<std::size_t>(place.address)] = false; }

 private:
  std::vector<bool> taken_ = std::vector<bool>(kSandboxes);
  int next_ = 0;
  std::uint32_t next_link_ = kFirstSandboxLink;  // Two thousand million are enough.
};

// What connections and the egress share.
struct Shared {
  explicit Shared(Router router_made) : router(std::move(router_made)) {}
  int Send(Messages messages) {
    return router.With([&](Router& of) { return of.links.Send(std::move(messages)); });
  }
  base::Guarded<Router> router;
  base::Guarded<Places> places;
};

Address AddressOf(const Place& place) {
  return kFirstSandbox + static_cast<Address>(place.address);
}
LinkEnd LinkOf(const Place& place) { return {"s" + std::to_string(place.address), place.link}; }

class RouterConnection final : public Connection {
 public:
  RouterConnection(std::shared_ptr<Shared> shared, Place place)
      : shared_(std::move(shared)), place_(place) {}
  ~RouterConnection() override {
    shared_->places.With([&](Places& places) { places.GiveBack(place_); });
  }

  Result<void> Cut() override {
    Messages messages;
    RemoveLink(messages, place_.link);
    const int failed = shared_->Send(std::move(messages));
    if (failed == 0 || failed == ENODEV) return {};
    return Fail(Error::System("take a sandbox's network away", failed));
  }

 private:
  const std::shared_ptr<Shared> shared_;
  const Place place_;
};

class RouterEgress final : public Egress {
 public:
  RouterEgress(asio::io_context& io, net::BlockingPool& pool, const Clock& clock, Config config,
               Router router, HostSide host)
      : pool_(pool),
        clock_(clock),
        relay_(io, clock, std::move(router.resolver_udp), std::move(router.resolver_tcp),
               std::move(config.name_servers)),
        shared_(std::make_shared<Shared>(std::move(router))),
        host_(std::make_shared<HostSide>(std::move(host))),
        tasks_(io) {
    tasks_.Spawn("watch the host's routes", WatchRoutes(pool_, clock_, host_));
  }

  Result<std::unique_ptr<Connection>> Connect(const base::Fd& network) override;
  const base::Fd& forwarding_debt() const override { return host_->forwarding_debt(); }

 private:
  static Task<void> WatchRoutes(net::BlockingPool& pool, const Clock& clock,
                                std::weak_ptr<HostSide> host);

  net::BlockingPool& pool_;
  const Clock& clock_;
  DnsRelay relay_;
  std::shared_ptr<Shared> shared_;
  std::shared_ptr<HostSide> host_;  // Shared with the watch while that is at work on the pool.
  net::TaskGroup tasks_;
};

// The inside of a namespace that is being connected.
struct Inside {
  NetlinkSocket links;

  static Result<Inside> Prepare(const base::Fd& network) {
    auto visit = NetworkVisit::Enter(network);
    if (!visit) return Fail(visit.error());
    // Of links to come; a kernel without IPv6 has no such file.
    const base::Fd no_ipv6(
        open("/proc/sys/net/ipv6/conf/default/disable_ipv6", O_WRONLY | O_CLOEXEC));
    if (no_ipv6.valid() && write(no_ipv6.get(), "1", 1) != 1) {
      return Fail(Error::System("switch IPv6 off in a sandbox", errno));
    }
    auto links = NetlinkSocket::Open(NETLINK_ROUTE);
    if (!links) return Fail(links.error());
    return Inside{std::move(*links)};
  }

  int SetUp(Address own) {
    const LinkEnd inside = MakeInside();
    Messages messages;
    AddUp(messages, inside.number);
    AddAddress(messages, inside.number, {own, 32});
    AddRoute(messages, {kResolverAddress, 32}, inside.number);
    AddRoute(messages, {0, 0}, inside.number, kResolverAddress);
    return links.Send(std::move(messages));
  }
};

// 0, or an errno; EEXIST: the last owner's link is not quite gone.
int AddLink(Shared& shared, const Place& place, const base::Fd& network) {
  Messages messages;
  AddPair(messages, LinkOf(place), MakeInside(), network);
  AddUp(messages, place.link);
  AddRoute(messages, {AddressOf(place), 32}, place.link);
  return shared.Send(std::move(messages));
}

// The router's end came up before the sandbox's: the kernel notices the latter a moment later, and
// until then loses what is sent to the sandbox.  Asking for the link makes it look at once (from
// Linux 6.8 on; before that a first answer may be lost, and come again).
int Settle(Shared& shared, const Place& place) {
  Messages messages;
  AskForLink(messages, place.link);
  return shared.Send(std::move(messages));
}

Result<std::unique_ptr<Connection>> RouterEgress::Connect(const base::Fd& network) {
  auto inside = Inside::Prepare(network);
  if (!inside) return Fail(inside.error());
  std::unique_ptr<RouterConnection> connection;
  int failed = EEXIST;
  for (int i = 0; failed == EEXIST && i < kTries; ++i) {
    const auto place = shared_->places.With([](Places& places) { return places.Take(); });
    if (!place) {
      return Fail(Error::Unavailable("too many sandboxes are connected to the Internet"));
    }
    connection = std::make_unique<RouterConnection>(shared_, *place);
    failed = AddLink(*shared_, *place, network);
    if (failed == 0) failed = inside->SetUp(AddressOf(*place));
    if (failed == 0) failed = Settle(*shared_, *place);
  }
  if (failed == 0) return connection;
  return Fail(Error::System("connect a sandbox to the Internet", failed));
}

Task<void> RouterEgress::WatchRoutes(net::BlockingPool& pool, const Clock& clock,
                                     std::weak_ptr<HostSide> host) {
  while (true) {
    co_await net::SleepUntil(clock.Now() + kLookAtRoutes);
    auto opened = co_await pool.Run([host] {
      const auto living = host.lock();
      return living ? living->OpenUplinks() : Result<void>();
    });
    if (!opened) log::Warn("answers to functions may be lost", {{"error", opened.error()}});
  }
}

}  // namespace

Result<std::unique_ptr<Egress>> Egress::Open(asio::io_context& io, net::BlockingPool& pool,
                                             const Clock& clock, Config config) {
  auto router = Router::Make(config.openings, config.limits);
  if (!router) return Fail(router.error());
  auto host = HostSide::Make(config.name, config.openings, *router);
  if (!host) return Fail(host.error());
  return std::make_unique<RouterEgress>(io, pool, clock, std::move(config), std::move(*router),
                                        std::move(*host));
}

}  // namespace ebb::egress
