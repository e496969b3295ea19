// egress/host_side.h
// What the host's own network needs for a router behind it: the link, a table of the packet filter,
// forwarding.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "egress/forwarding.h"
#include "egress/netlink.h"
#include "egress/router.h"

namespace ebb::egress {

// One thread at a time.
class HostSide {
 public:
  // Connects `router` to the namespace that the calling thread is in.  `name` as Config::name.
  static Result<HostSide> Make(const std::string& name, const std::vector<Opening>& openings,
                               Router& router);
  HostSide(HostSide&&) noexcept = default;
  HostSide& operator=(HostSide&&) = delete;
  ~HostSide();  // Puts everything back.

  // Has the links that routes lead to forward the answers to functions, and nothing else that they
  // would not have forwarded.  Again whenever the host's routes may have changed.
  Result<void> OpenUplinks();

  const base::Fd& forwarding_debt() const { return debt_.file(); }

 private:
  HostSide(std::string link, NetlinkSocket links, NetlinkSocket filter, ForwardingDebt debt);
  Result<void> AddTable(const std::vector<Opening>& openings, Address router);
  Result<void> AddLink(Address host, Router& router);

  std::string link_;  // The host's end; also the table's name.
  NetlinkSocket links_;
  NetlinkSocket filter_;  // The table is gone when it closes.
  ForwardingDebt debt_;
  std::set<std::string> guarded_;
};

}  // namespace ebb::egress
