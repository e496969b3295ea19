// egress/packet_filter.h
// A table of the kernel's packet filter (nftables): chains and rules, put in as one transaction.
// Nothing but the kernel is needed; `nft list ruleset` shows what is there.
#pragma once

#include <string>
#include <vector>

#include "egress/address.h"
#include "egress/netlink.h"

namespace ebb::egress {

// Counts for each link that packets come in by, on its own, and remembers the link by its number.
struct Meter {
  enum class Kind {
    kConnections,  // Those that are there; one that is closing is none any more.
    kPerSecond,    // Packets; as many at once as in a second.
  };
  std::string name;
  Kind kind = Kind::kConnections;
  std::uint32_t most = 0;
};

// What packets a rule is for, and what becomes of them.  In tables of the family inet, where tests
// of addresses and ports hold for IPv4 only if a rule before them has kept IPv6 out.
class Rule {
 public:
  // Each narrows what the rule is for.
  Rule& Ipv4();
  Rule& NotIpv4();
  Rule& From(const std::string& link);
  Rule& To(const std::string& link);
  Rule& FromAddress(Address address);
  Rule& ToBlock(Block block);
  Rule& Protocol(std::uint8_t protocol);  // IPPROTO_TCP, IPPROTO_UDP.
  Rule& ToPort(std::uint16_t port);       // Of TCP or UDP: after Protocol.
  Rule& Answering();                      // Of a connection that was let through before.
  // The meter, which counts the packet now, has not exceeded its most.  Nor is the rule for packets
  // of more links than a meter can remember.
  Rule& Within(const Meter& meter);
  Rule& Redirected();  // Its destination was changed by another table.

  // What becomes of it; the last thing said.
  Rule& Accept();
  Rule& Drop();
  Rule& Reject();  // The sender is told by ICMP: "administratively prohibited".
  Rule& Reset();   // As if nobody listened there.  After Protocol(IPPROTO_TCP).
  Rule& Jump(const std::string& chain);
  Rule& Masquerade();

  const Attributes& expressions() const { return expressions_; }

 private:
  Rule& Add(const char* name, const Attributes& parts);
  Rule& LoadMeta(std::uint32_t key);
  Rule& LoadPacket(std::uint32_t base, std::uint32_t offset, std::uint32_t size);
  Rule& LoadConnection(std::uint32_t key);
  Rule& Mask(std::string_view mask);
  Rule& Compare(std::uint32_t how, std::string_view value);
  Rule& AnyOf(std::uint32_t bits);
  Rule& Verdict(std::int32_t verdict, const std::string& chain = {});

  Attributes expressions_;
};

// The rules for those packets of `those` that go to `opening`; what becomes of them is still to be
// said.
std::vector<Rule> ToOpening(const Rule& those, const Opening& opening);

enum class Hook { kNone, kInput, kForward, kPostrouting };
enum class Policy { kAccept, kDrop };

struct Chain {
  std::string name;
  Hook hook = Hook::kNone;  // kPostrouting: a chain that translates addresses.
  Policy policy = Policy::kAccept;
  std::vector<Rule> rules;
};

// A chain to jump to that refuses at once: to TCP as if nobody listened (an ICMP message that
// answers within the same system call makes connect wait a second for its next try), to the rest by
// ICMP.
Chain RefusalChain(const std::string& name);

enum class Lifetime {
  kOfNamespace,
  kOfSocket,  // The kernel removes the table with the socket; nobody else can change it.
};

// Makes the table `name`, with the meters that its rules use.  0, or an errno; then nothing was
// made.
int MakeTable(NetlinkSocket& filter, const std::string& name, Lifetime lifetime,
              const std::vector<Chain>& chains, const std::vector<Meter>& meters = {});
// Adds a rule at the end of a chain.
int AddRule(NetlinkSocket& filter, const std::string& table, const std::string& chain,
            const Rule& rule);

}  // namespace ebb::egress
