// egress/dns_relay.h
// Answers functions' questions for names by asking whom the host asks.
//
// A relay rather than the host's name servers themselves: they may be at 127.0.0.53 or at a private
// address, and change while functions run.  Passes messages on as they are.
#pragma once

#include <memory>
#include <vector>

#include "base/clock.h"
#include "base/fd.h"
#include "egress/address.h"
#include "net/task_group.h"

namespace ebb::egress {

// The name servers in a resolv.conf; 127.0.0.1 if it names none, as libc does.
std::vector<NameServer> ParseResolvConf(const std::string& text);

struct RelayState;

// Lives on its io_context.
class DnsRelay {
 public:
  // `udp` and `tcp` are bound to where functions ask.  `servers` empty: those of the host's
  // /etc/resolv.conf, read for each question.
  DnsRelay(asio::io_context& io, const Clock& clock, base::Fd udp, base::Fd tcp,
           std::vector<NameServer> servers);
  ~DnsRelay();  // Questions under way are forgotten.

 private:
  std::shared_ptr<RelayState> state_;  // Shared with what is under way.
  net::TaskGroup tasks_;
};

}  // namespace ebb::egress
