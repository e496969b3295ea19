// egress/reachable.h
// What the packet filters let sandboxes reach, for who wants to know before a packet is sent.
#pragma once

#include <set>
#include <vector>

#include "egress/address.h"

namespace ebb::egress {

// What is not the Internet (RFC 6890), and what a cloud keeps for itself.
inline constexpr Block kRefused[] = {
    {MakeAddress(0, 0, 0, 0), 8},
    {MakeAddress(10, 0, 0, 0), 8},
    {MakeAddress(100, 64, 0, 0), 10},  // RFC 6598; holds Alibaba Cloud's metadata, 100.100.100.200.
    {MakeAddress(127, 0, 0, 0), 8},
    {MakeAddress(169, 254, 0, 0), 16},
    {MakeAddress(172, 16, 0, 0), 12},
    {MakeAddress(192, 0, 0, 0), 24},
    {MakeAddress(192, 168, 0, 0), 16},
    {MakeAddress(224, 0, 0, 0), 4},
    {MakeAddress(240, 0, 0, 0), 4},
    {MakeAddress(168, 63, 129, 16), 32},  // Azure's WireServer, the one with a public address.
};

// Of the network namespace that the thread is in, IPv4.
std::set<Address> AddressesOfHost();

// Whether functions may ask the name server at `address` themselves.  Errors: kInvalid, saying what
// the operator can do about it.
Result<void> CheckNameServer(const std::string& address, const std::vector<Opening>& openings);

}  // namespace ebb::egress
