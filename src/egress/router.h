// egress/router.h
// The namespace between sandboxes and host, and its packet filter.
#pragma once

#include <vector>

#include "base/fd.h"
#include "egress/address.h"
#include "egress/egress.h"
#include "egress/netlink.h"

namespace ebb::egress {

// Nobody's on the Internet and refused to functions anyway, so that no address is taken from them.
// Inside the router: 169.254.0.1 answers for names, 169.254.0.2 to .255 are the links to hosts, the
// rest up to 169.254.127.255 the sandboxes.  The cloud's metadata (169.254.169.254) is not among
// them.
inline constexpr Address kResolverAddress = MakeAddress(169, 254, 0, 1);
inline constexpr Address kFirstHostLink = MakeAddress(169, 254, 0, 2);
inline constexpr int kHostLinks = 127;  // Two addresses each.
inline constexpr Address kFirstSandbox = MakeAddress(169, 254, 1, 0);
inline constexpr int kSandboxes = 127 * 256;

inline constexpr const char* kUplink = "host";  // The router's end of the link to the host.
// Above the numbers that the kernel gives to links by itself.
inline constexpr std::uint32_t kFirstSandboxLink = 4096;

struct Router {
  base::Fd network;
  NetlinkSocket links;
  base::Fd resolver_udp;  // Port 53 of the resolver's address; bound, not read yet.
  base::Fd resolver_tcp;

  // Without its uplink: it reaches nothing.
  static Result<Router> Make(const std::vector<Opening>& openings, const Limits& limits);

  // The link kUplink is there: the router is `own` on it, and `host` the way to everywhere.
  Result<void> AddUplink(Address own, Address host);
};

}  // namespace ebb::egress
