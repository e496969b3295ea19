// The names of messages, attributes and values are those of <linux/netfilter/nf_tables.h>.
#include "egress/packet_filter.h"

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <net/if.h>
#include <netinet/in.h>

namespace ebb::egress {
namespace {

constexpr std::uint32_t kRegister = NFT_REG_1;

// <linux/netfilter/nf_conntrack_common.h>: NF_CT_STATE_BIT of IP_CT_ESTABLISHED and IP_CT_RELATED,
// IPS_DST_NAT.
constexpr std::uint32_t kEstablishedOrRelated = 1U << 1 | 1U << 2;
constexpr std::uint32_t kDestinationChanged = 1U << 5;

// Where fields lie in the headers of IPv4, and of TCP and UDP.
constexpr std::uint32_t kSourceAddress = 12;
constexpr std::uint32_t kDestinationAddress = 16;
constexpr std::uint32_t kDestinationPort = 2;

Attributes Value(std::string_view bytes) { return Attributes().PutBytes(NFTA_DATA_VALUE, bytes); }

std::string PaddedName(const std::string& link) {
  std::string name = link.substr(0, IFNAMSIZ - 1);
  name.resize(IFNAMSIZ);
  return name;
}

// A transaction: all of it or nothing.
class Transaction {
 public:
  Transaction() { Edge(NFNL_MSG_BATCH_BEGIN); }

  void Add(std::uint16_t message, std::uint16_t flags, const Attributes& attributes) {
    const nfgenmsg header{NFPROTO_INET, NFNETLINK_V0, 0};
    messages_.Add(NFNL_SUBSYS_NFTABLES << 8 | message, flags, BytesOf(header), attributes);
  }
  int Commit(NetlinkSocket& filter) {
    Edge(NFNL_MSG_BATCH_END);
    return filter.Send(std::move(messages_));
  }

 private:
  void Edge(std::uint16_t message) {
    const nfgenmsg header{NFPROTO_UNSPEC, NFNETLINK_V0, htons(NFNL_SUBSYS_NFTABLES)};
    messages_.AddUnanswered(message, BytesOf(header));
  }
  Messages messages_;
};

// More links than there can be sandboxes.
constexpr std::uint32_t kMostLinks = 65536;
constexpr std::uint64_t kForgetAfterMs = 10'000;  // A link whose meter by seconds is idle.

void Put(Transaction& transaction, const std::string& table, const Meter& meter,
         std::uint32_t number) {
  const bool forgets = meter.kind == Meter::Kind::kPerSecond;  // Those of connections do when none
                                                               // is left.
  Attributes attributes;
  attributes.PutText(NFTA_SET_TABLE, table)
      .PutText(NFTA_SET_NAME, meter.name)
      .PutBig32(NFTA_SET_FLAGS, NFT_SET_EVAL | (forgets ? NFT_SET_TIMEOUT : 0U))
      .PutBig32(NFTA_SET_KEY_TYPE, 0)
      .PutBig32(NFTA_SET_KEY_LEN, sizeof(std::uint32_t))
      .PutBig32(NFTA_SET_ID, number)
      .PutNested(NFTA_SET_DESC, Attributes().PutBig32(NFTA_SET_DESC_SIZE, kMostLinks));
  if (forgets) attributes.PutBig64(NFTA_SET_TIMEOUT, kForgetAfterMs);
  transaction.Add(NFT_MSG_NEWSET, NLM_F_CREATE | NLM_F_EXCL, attributes);
}

std::uint32_t NumberOf(Hook hook) {
  switch (hook) {
    case Hook::kInput:
      return NF_INET_LOCAL_IN;
    case Hook::kForward:
      return NF_INET_FORWARD;
    default:
      return NF_INET_POST_ROUTING;
  }
}

void Put(Transaction& transaction, const std::string& table, const Chain& chain) {
  Attributes attributes;
  attributes.PutText(NFTA_CHAIN_TABLE, table).PutText(NFTA_CHAIN_NAME, chain.name);
  if (chain.hook != Hook::kNone) {
    // As `nft` calls them: priority srcnat (100) and filter (0).
    const bool translates = chain.hook == Hook::kPostrouting;
    attributes
        .PutNested(NFTA_CHAIN_HOOK, Attributes()
                                        .PutBig32(NFTA_HOOK_HOOKNUM, NumberOf(chain.hook))
                                        .PutBig32(NFTA_HOOK_PRIORITY, translates ? 100 : 0))
        .PutBig32(NFTA_CHAIN_POLICY, chain.policy == Policy::kDrop ? NF_DROP : NF_ACCEPT)
        .PutText(NFTA_CHAIN_TYPE, translates ? "nat" : "filter");
  }
  transaction.Add(NFT_MSG_NEWCHAIN, NLM_F_CREATE | NLM_F_EXCL, attributes);
}

void Put(Transaction& transaction, const std::string& table, const std::string& chain,
         const Rule& rule) {
  transaction.Add(NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND,
                  Attributes()
                      .PutText(NFTA_RULE_TABLE, table)
                      .PutText(NFTA_RULE_CHAIN, chain)
                      .PutNested(NFTA_RULE_EXPRESSIONS, rule.expressions()));
}

}  // namespace

Rule& Rule::Add(const char* name, const Attributes& parts) {
  expressions_.PutNested(
      NFTA_LIST_ELEM, Attributes().PutText(NFTA_EXPR_NAME, name).PutNested(NFTA_EXPR_DATA, parts));
  return *this;
}

Rule& Rule::LoadMeta(std::uint32_t key) {
  return Add("meta", Attributes().PutBig32(NFTA_META_DREG, kRegister).PutBig32(NFTA_META_KEY, key));
}

Rule& Rule::LoadPacket(std::uint32_t base, std::uint32_t offset, std::uint32_t size) {
  return Add("payload", Attributes()
                            .PutBig32(NFTA_PAYLOAD_DREG, kRegister)
                            .PutBig32(NFTA_PAYLOAD_BASE, base)
                            .PutBig32(NFTA_PAYLOAD_OFFSET, offset)
                            .PutBig32(NFTA_PAYLOAD_LEN, size));
}

Rule& Rule::LoadConnection(std::uint32_t key) {
  return Add("ct", Attributes().PutBig32(NFTA_CT_DREG, kRegister).PutBig32(NFTA_CT_KEY, key));
}

Rule& Rule::Mask(std::string_view mask) {
  return Add("bitwise", Attributes()
                            .PutBig32(NFTA_BITWISE_SREG, kRegister)
                            .PutBig32(NFTA_BITWISE_DREG, kRegister)
                            .PutBig32(NFTA_BITWISE_LEN, static_cast<std::uint32_t>(mask.size()))
                            .PutNested(NFTA_BITWISE_MASK, Value(mask))
                            .PutNested(NFTA_BITWISE_XOR, Value(std::string(mask.size(), '\0'))));
}

Rule& Rule::Compare(std::uint32_t how, std::string_view value) {
  return Add("cmp", Attributes()
                        .PutBig32(NFTA_CMP_SREG, kRegister)
                        .PutBig32(NFTA_CMP_OP, how)
                        .PutNested(NFTA_CMP_DATA, Value(value)));
}

Rule& Rule::AnyOf(std::uint32_t bits) {
  const std::uint32_t none = 0;
  return Mask(BytesOf(bits)).Compare(NFT_CMP_NEQ, BytesOf(none));
}

Rule& Rule::Verdict(std::int32_t verdict, const std::string& chain) {
  Attributes parts;
  parts.PutBig32(NFTA_VERDICT_CODE, static_cast<std::uint32_t>(verdict));
  if (!chain.empty()) parts.PutText(NFTA_VERDICT_CHAIN, chain);
  return Add("immediate",
             Attributes()
                 .PutBig32(NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT)
                 .PutNested(NFTA_IMMEDIATE_DATA, Attributes().PutNested(NFTA_DATA_VERDICT, parts)));
}

Rule& Rule::Ipv4() {
  const std::uint8_t ipv4 = NFPROTO_IPV4;
  return LoadMeta(NFT_META_NFPROTO).Compare(NFT_CMP_EQ, BytesOf(ipv4));
}

Rule& Rule::NotIpv4() {
  const std::uint8_t ipv4 = NFPROTO_IPV4;
  return LoadMeta(NFT_META_NFPROTO).Compare(NFT_CMP_NEQ, BytesOf(ipv4));
}

Rule& Rule::From(const std::string& link) {
  return LoadMeta(NFT_META_IIFNAME).Compare(NFT_CMP_EQ, PaddedName(link));
}

Rule& Rule::To(const std::string& link) {
  return LoadMeta(NFT_META_OIFNAME).Compare(NFT_CMP_EQ, PaddedName(link));
}

Rule& Rule::FromAddress(Address address) {
  const std::uint32_t wanted = htonl(address);
  return LoadPacket(NFT_PAYLOAD_NETWORK_HEADER, kSourceAddress, sizeof wanted)
      .Compare(NFT_CMP_EQ, BytesOf(wanted));
}

Rule& Rule::ToBlock(Block block) {
  const std::uint32_t wanted = htonl(block.first);
  const std::uint32_t mask = htonl(block.mask());
  return LoadPacket(NFT_PAYLOAD_NETWORK_HEADER, kDestinationAddress, sizeof wanted)
      .Mask(BytesOf(mask))
      .Compare(NFT_CMP_EQ, BytesOf(wanted));
}

Rule& Rule::Protocol(std::uint8_t protocol) {
  return LoadMeta(NFT_META_L4PROTO).Compare(NFT_CMP_EQ, BytesOf(protocol));
}

Rule& Rule::ToPort(std::uint16_t port) {
  const std::uint16_t wanted = htons(port);
  return LoadPacket(NFT_PAYLOAD_TRANSPORT_HEADER, kDestinationPort, sizeof wanted)
      .Compare(NFT_CMP_EQ, BytesOf(wanted));
}

Rule& Rule::Answering() { return LoadConnection(NFT_CT_STATE).AnyOf(kEstablishedOrRelated); }
Rule& Rule::Redirected() { return LoadConnection(NFT_CT_STATUS).AnyOf(kDestinationChanged); }

Rule& Rule::Within(const Meter& meter) {
  const bool counts = meter.kind == Meter::Kind::kConnections;
  const Attributes expression =
      counts
          ? Attributes()
                .PutText(NFTA_EXPR_NAME, "connlimit")
                .PutNested(NFTA_EXPR_DATA, Attributes().PutBig32(NFTA_CONNLIMIT_COUNT, meter.most))
          : Attributes()
                .PutText(NFTA_EXPR_NAME, "limit")
                .PutNested(NFTA_EXPR_DATA, Attributes()
                                               .PutBig64(NFTA_LIMIT_RATE, meter.most)
                                               .PutBig64(NFTA_LIMIT_UNIT, 1)
                                               .PutBig32(NFTA_LIMIT_BURST, meter.most)
                                               .PutBig32(NFTA_LIMIT_TYPE, NFT_LIMIT_PKTS));
  return LoadMeta(NFT_META_IIF)
      .Add("dynset",
           Attributes()
               .PutText(NFTA_DYNSET_SET_NAME, meter.name)
               .PutBig32(NFTA_DYNSET_OP, counts ? NFT_DYNSET_OP_ADD : NFT_DYNSET_OP_UPDATE)
               .PutBig32(NFTA_DYNSET_SREG_KEY, kRegister)
               .PutNested(NFTA_DYNSET_EXPR, expression));
}

Rule& Rule::Accept() { return Verdict(NF_ACCEPT); }
Rule& Rule::Drop() { return Verdict(NF_DROP); }
Rule& Rule::Jump(const std::string& chain) { return Verdict(NFT_JUMP, chain); }
Rule& Rule::Masquerade() { return Add("masq", Attributes()); }

Rule& Rule::Reject() {
  const std::uint8_t code = NFT_REJECT_ICMPX_ADMIN_PROHIBITED;
  return Add("reject", Attributes()
                           .PutBig32(NFTA_REJECT_TYPE, NFT_REJECT_ICMPX_UNREACH)
                           .PutBytes(NFTA_REJECT_ICMP_CODE, BytesOf(code)));
}

Rule& Rule::Reset() {
  return Add("reject", Attributes().PutBig32(NFTA_REJECT_TYPE, NFT_REJECT_TCP_RST));
}

std::vector<Rule> ToOpening(const Rule& those, const Opening& opening) {
  const Rule to = Rule(those).ToBlock(opening.block);
  if (opening.port == 0) return {to};
  std::vector<Rule> rules;
  for (const int protocol : {IPPROTO_TCP, IPPROTO_UDP}) {
    rules.push_back(Rule(to).Protocol(static_cast<std::uint8_t>(protocol)).ToPort(opening.port));
  }
  return rules;
}

Chain RefusalChain(const std::string& name) {
  return {
      name, Hook::kNone, Policy::kAccept, {Rule().Protocol(IPPROTO_TCP).Reset(), Rule().Reject()}};
}

int MakeTable(NetlinkSocket& filter, const std::string& name, Lifetime lifetime,
              const std::vector<Chain>& chains, const std::vector<Meter>& meters) {
  Transaction transaction;
  Attributes table;
  table.PutText(NFTA_TABLE_NAME, name);
  if (lifetime == Lifetime::kOfSocket) table.PutBig32(NFTA_TABLE_FLAGS, NFT_TABLE_F_OWNER);
  transaction.Add(NFT_MSG_NEWTABLE, NLM_F_CREATE | NLM_F_EXCL, table);
  std::uint32_t number = 0;
  for (const Meter& meter : meters) Put(transaction, name, meter, ++number);
  for (const Chain& chain : chains) Put(transaction, name, chain);
  for (const Chain& chain : chains) {
    for (const Rule& rule : chain.rules) Put(transaction, name, chain.name, rule);
  }
  return transaction.Commit(filter);
}

int AddRule(NetlinkSocket& filter, const std::string& table, const std::string& chain,
            const Rule& rule) {
  Transaction transaction;
  Put(transaction, table, chain, rule);
  return transaction.Commit(filter);
}

}  // namespace ebb::egress
