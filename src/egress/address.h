// egress/address.h
// IPv4 addresses and blocks of them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"

namespace ebb::egress {

// In the machine's byte order.
using Address = std::uint32_t;

constexpr Address MakeAddress(unsigned a, unsigned b, unsigned c, unsigned d) {
  return a << 24 | b << 16 | c << 8 | d;
}
std::optional<Address> ParseAddress(const std::string& text);  // "10.1.2.3"
std::string FormatAddress(Address address);

struct Block {
  Address first = 0;
  int prefix = 32;  // 0 to 32.
  constexpr Address mask() const { return prefix == 0 ? 0 : ~Address{0} << (32 - prefix); }
  friend bool operator==(const Block&, const Block&) = default;
};

// What the operator lets functions reach although it is refused by default.
struct Opening {
  Block block;
  std::uint16_t port = 0;  // TCP and UDP; 0: every port and protocol.
  friend bool operator==(const Opening&, const Opening&) = default;
};

// "10.1.2.0/24", "10.1.2.3:5432", several separated by commas; "" is none.
// Errors: kInvalid, naming the part.
Result<std::vector<Opening>> ParseOpenings(const std::string& text);
std::string FormatOpenings(const std::vector<Opening>& openings);

// A name server that may be asked on behalf of functions.
struct NameServer {
  std::string address;  // IPv4 or IPv6.
  std::uint16_t port = 53;
  friend bool operator==(const NameServer&, const NameServer&) = default;
};

// "10.0.0.2", "10.0.0.2:5353", "fd00::2", several separated by commas; "" is none.
// Errors: kInvalid, naming the part.
Result<std::vector<NameServer>> ParseNameServers(const std::string& text);
std::string FormatNameServers(const std::vector<NameServer>& servers);

}  // namespace ebb::egress
