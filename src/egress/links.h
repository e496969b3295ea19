// egress/links.h
// Links between network namespaces, their addresses and routes: one message each.
#pragma once

#include <string>

#include "base/fd.h"
#include "egress/address.h"
#include "egress/netlink.h"

namespace ebb::egress {

// Numbers of links are chosen by us, so that a link can be made and used in one go.  0: the
// kernel's choice.
struct LinkEnd {
  std::string name;
  std::uint32_t number = 0;
};

// A pair of links, not up yet: `here` in the socket's namespace, `there` in `other`.
void AddPair(Messages& messages, const LinkEnd& here, const LinkEnd& there, const base::Fd& other);
void AddUp(Messages& messages, std::uint32_t link);       // A link that is there already.
void AskForLink(Messages& messages, std::uint32_t link);  // What is told is not read.
void RemoveLink(Messages& messages, const std::string& name);
void RemoveLink(Messages& messages, std::uint32_t number);

void AddAddress(Messages& messages, std::uint32_t link, Block own);
// `block` lies behind `link`: at once, or by way of the neighbour `by`.
void AddRoute(Messages& messages, Block block, std::uint32_t link, Address by = 0);

}  // namespace ebb::egress
