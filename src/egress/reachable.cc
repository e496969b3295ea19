#include "egress/reachable.h"

#include <ifaddrs.h>
#include <netinet/in.h>

#include <algorithm>
#include <memory>

namespace ebb::egress {
namespace {

constexpr std::uint16_t kNamesPort = 53;

bool Holds(const Block& block, Address address) { return (address & block.mask()) == block.first; }

}  // namespace

std::set<Address> AddressesOfHost() {
  std::set<Address> all;
  ifaddrs* raw = nullptr;
  if (getifaddrs(&raw) != 0) return all;
  const std::unique_ptr<ifaddrs, decltype(&freeifaddrs)> found(raw, &freeifaddrs);
  for (const ifaddrs* each = found.get(); each != nullptr; each = each->ifa_next) {
    if (each->ifa_addr == nullptr || each->ifa_addr->sa_family != AF_INET) continue;
    all.insert(ntohl(reinterpret_cast<const sockaddr_in*>(each->ifa_addr)->sin_addr.s_addr));
  }
  return all;
}

Result<void> CheckNameServer(const std::string& address, const std::vector<Opening>& openings) {
  const auto server = ParseAddress(address);
  if (!server) {
    return Fail(
        Error::Invalid("name server " + address + " is no IPv4 address: functions have no other"));
  }
  const bool is_open = std::ranges::any_of(openings, [&](const Opening& opening) {
    return Holds(opening.block, *server) && (opening.port == 0 || opening.port == kNamesPort);
  });
  if (is_open) return {};
  const bool is_refused =
      std::ranges::any_of(kRefused, [&](const Block& block) { return Holds(block, *server); });
  if (!is_refused && !AddressesOfHost().contains(*server)) return {};
  return Fail(Error::Invalid("functions do not reach name server " + address + ", which is " +
                             (is_refused ? "private or link-local" : "the host itself") +
                             ": have ebb serve run with --egress-allow " + address + ":53"));
}

}  // namespace ebb::egress
