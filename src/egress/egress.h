// egress/egress.h
// The way from sandboxes to the Internet, and nowhere else.
//
//   sandbox (eth0) === router === host ===> the Internet
//
// Every sandbox that may go out has a link of its own to the *router*, a network namespace of the
// server's; one link leads from there to the host.  The router lets through what goes to the
// Internet, refuses private and link-local addresses and other sandboxes, and hides the sandboxes'
// addresses behind its own; the host refuses what is for itself, and hides the router's.  Names are
// asked of a relay (dns_relay.h) in the router.
//
// Of the host's own network only this is changed: one link and one table of the packet filter,
// both gone with this object or the process, and forwarding on the links that the host's routes
// lead to (forwarding.h).  No IPv6.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/fd.h"
#include "egress/address.h"
#include "net/blocking_pool.h"

namespace ebb::egress {

// The name server of every connected namespace.
inline constexpr const char* kResolver = "169.254.0.1";

// Of one namespace, so that it cannot use up what all have in common: the host's memory for
// connections, its ports, the patience of its neighbours.
struct Limits {
  std::uint32_t connections = 1000;       // At once, of any protocol; one more is refused.
  std::uint32_t connections_per_s = 500;  // One more is dropped: TCP tries again a second later.
};

struct Config {
  std::string name;               // Unique among the living on this machine; of any form.
  std::vector<Opening> openings;  // What is reachable beyond the Internet.
  Limits limits{};
  // Who is asked for names; empty: whom the host asks (/etc/resolv.conf).
  std::vector<NameServer> name_servers;
};

// One namespace's way out.  Destroying it gives the address back, and nothing else: destroy the
// namespace first.  Any thread.
class Connection {
 public:
  virtual ~Connection() = default;

  // Takes the way out from the namespace, which may be in use.  Waits some milliseconds for the
  // kernel: not on the io_context.
  virtual Result<void> Cut() = 0;
};

class Egress {
 public:
  // Errors: kUnavailable, naming what this machine cannot do.
  static Result<std::unique_ptr<Egress>> Open(asio::io_context& io, net::BlockingPool& pool,
                                              const Clock& clock, Config config);
  virtual ~Egress() = default;  // On the io_context's thread.

  // Gives the namespace `network` a link, an address, and the router as the way to everywhere; from
  // then on whoever is in it can go out.  Half a millisecond: not on the io_context.  Any thread.
  // Errors: kUnavailable.
  virtual Result<std::unique_ptr<Connection>> Connect(const base::Fd& network) = 0;

  // Where it is written which of the host's links forward because of us (forwarding.h).
  virtual const base::Fd& forwarding_debt() const = 0;
};

}  // namespace ebb::egress
