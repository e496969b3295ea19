// The names of messages and attributes are those of <linux/rtnetlink.h> and <linux/if_link.h>.
#include "egress/links.h"

#include <arpa/inet.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>

namespace ebb::egress {
namespace {

ifinfomsg Numbered(std::uint32_t number) {
  ifinfomsg link{};
  link.ifi_index = static_cast<int>(number);
  return link;
}

// One queue each: by default there is one a processor, each with memory of its own.
Attributes NamedLink(const std::string& name) {
  return Attributes()
      .PutText(IFLA_IFNAME, name)
      .Put32(IFLA_NUM_TX_QUEUES, 1)
      .Put32(IFLA_NUM_RX_QUEUES, 1);
}

std::string BytesOfAddress(Address address) {
  const std::uint32_t big = htonl(address);
  return std::string(BytesOf(big));
}

void Remove(Messages& messages, std::uint32_t number, const Attributes& attributes) {
  messages.Add(RTM_DELLINK, 0, BytesOf(Numbered(number)), attributes);
}

}  // namespace

void AddPair(Messages& messages, const LinkEnd& here, const LinkEnd& there, const base::Fd& other) {
  const ifinfomsg near_end = Numbered(here.number);
  const ifinfomsg far_end = Numbered(there.number);
  Attributes peer = NamedLink(there.name);
  peer.Put32(IFLA_NET_NS_FD, static_cast<std::uint32_t>(other.get()));
  Attributes pair = NamedLink(here.name);
  pair.PutNested(IFLA_LINKINFO,
                 Attributes()
                     .PutText(IFLA_INFO_KIND, "veth")
                     .PutNested(IFLA_INFO_DATA,
                                Attributes().PutNested(VETH_INFO_PEER, BytesOf(far_end), peer)));
  messages.Add(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, BytesOf(near_end), pair);
}

void AddUp(Messages& messages, std::uint32_t link) {
  ifinfomsg header = Numbered(link);
  header.ifi_flags = IFF_UP;
  header.ifi_change = IFF_UP;
  messages.Add(RTM_NEWLINK, 0, BytesOf(header), Attributes());
}

void AskForLink(Messages& messages, std::uint32_t link) {
  messages.Add(RTM_GETLINK, 0, BytesOf(Numbered(link)), Attributes());
}

void RemoveLink(Messages& messages, const std::string& name) {
  Remove(messages, 0, Attributes().PutText(IFLA_IFNAME, name));
}

void RemoveLink(Messages& messages, std::uint32_t number) {
  Remove(messages, number, Attributes());
}

void AddAddress(Messages& messages, std::uint32_t link, Block own) {
  ifaddrmsg address{};
  address.ifa_family = AF_INET;
  address.ifa_prefixlen = static_cast<std::uint8_t>(own.prefix);
  address.ifa_index = link;
  const std::string bytes = BytesOfAddress(own.first);
  messages.Add(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, BytesOf(address),
               Attributes().PutBytes(IFA_LOCAL, bytes).PutBytes(IFA_ADDRESS, bytes));
}

void AddRoute(Messages& messages, Block block, std::uint32_t link, Address by) {
  rtmsg route{};
  route.rtm_family = AF_INET;
  route.rtm_dst_len = static_cast<std::uint8_t>(block.prefix);
  route.rtm_table = RT_TABLE_MAIN;
  route.rtm_protocol = RTPROT_STATIC;
  route.rtm_scope = by == 0 ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
  route.rtm_type = RTN_UNICAST;
  Attributes attributes;
  if (block.prefix > 0) attributes.PutBytes(RTA_DST, BytesOfAddress(block.first));
  attributes.Put32(RTA_OIF, link);
  if (by != 0) attributes.PutBytes(RTA_GATEWAY, BytesOfAddress(by));
  messages.Add(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, BytesOf(route), attributes);
}

}  // namespace ebb::egress
