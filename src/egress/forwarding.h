// egress/forwarding.h
// Which of the host's links pass on packets that are not for the host.
//
// The answers to functions arrive on the links that lead to the Internet, and the kernel passes
// them on only if the link that they arrive on forwards.  The switch of the whole machine
// (net.ipv4.ip_forward) is left alone: it would make a router of it for everybody.
#pragma once

#include <set>
#include <string>

#include "base/error.h"
#include "base/fd.h"

namespace ebb::egress {

// The links that the IPv4 routes of this namespace lead to, without `own` and the loopback.
Result<std::set<std::string>> RoutedLinks(const std::string& own);

Result<bool> Forwards(const std::string& link);
Result<void> SetForwards(const std::string& link, bool forwards);

// The links that forward because of us, written down where a helper finds them should the server
// die.  One thread at a time.
class ForwardingDebt {
 public:
  static Result<ForwardingDebt> Begin();

  // Before the link forwards: a crash in between then costs nothing.
  Result<void> Add(const std::string& link);
  const base::Fd& file() const { return file_; }

 private:
  explicit ForwardingDebt(base::Fd file) : file_(std::move(file)) {}
  base::Fd file_;  // In memory; one name a line.
};

// Has the links in `debt` forward no longer, unless meanwhile somebody has made the whole machine
// forward.  `sysctl` is a descriptor of /proc/sys/net/ipv4.
void PayForwardingDebt(const base::Fd& debt, const base::Fd& sysctl);

}  // namespace ebb::egress
