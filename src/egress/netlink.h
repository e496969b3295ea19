// egress/netlink.h
// Talking to the kernel about links, addresses, routes and the packet filter: messages and the
// socket that they go over.  A socket speaks for the network namespace that it was opened in,
// wherever its user goes later.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/fd.h"

namespace ebb::egress {

// A list of attributes, as bytes.  Nested ones are made first and then put in.
class Attributes {
 public:
  Attributes& PutBytes(std::uint16_t type, std::string_view value);
  Attributes& Put32(std::uint16_t type, std::uint32_t value);     // In the machine's byte order.
  Attributes& PutBig32(std::uint16_t type, std::uint32_t value);  // As the packet filter wants it.
  Attributes& PutBig64(std::uint16_t type, std::uint64_t value);
  Attributes& PutText(std::uint16_t type, std::string_view text);
  Attributes& PutNested(std::uint16_t type, const Attributes& nested);
  // `header`: a structure that stands before the nested attributes.
  Attributes& PutNested(std::uint16_t type, std::string_view header, const Attributes& nested);
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

// The bytes of a plain structure of the kernel's.
template <typename T>
std::string_view BytesOf(const T& structure) {
  return {reinterpret_cast<const char*>(&structure), sizeof structure};
}

// Messages that go to the kernel together, each of which is answered.
class Messages {
 public:
  // `flags` beside NLM_F_REQUEST; `header` is the structure that messages of `type` begin with.
  void Add(std::uint16_t type, std::uint16_t flags, std::string_view header,
           const Attributes& attributes);
  // As Add, for one that is not answered.
  void AddUnanswered(std::uint16_t type, std::string_view header);

 private:
  friend class NetlinkSocket;
  void Append(std::uint16_t type, std::uint16_t flags, std::string_view header,
              std::string_view attributes);

  std::string bytes_;
  std::uint32_t count_ = 0;
  std::uint32_t answers_ = 0;
};

// One thread at a time.
class NetlinkSocket {
 public:
  // Of the namespace that the calling thread is in.  `protocol`: NETLINK_ROUTE, NETLINK_NETFILTER.
  static Result<NetlinkSocket> Open(int protocol);

  // 0 when the kernel has done all of `messages`, else the errno of the first that it has not: what
  // stands before it is done with NETLINK_ROUTE, nothing is with NETLINK_NETFILTER.  Never waits.
  int Send(Messages messages);

 private:
  explicit NetlinkSocket(base::Fd socket) : socket_(std::move(socket)) {}
  int ReadAnswers(std::uint32_t first, std::uint32_t awaited);

  base::Fd socket_;
  std::uint32_t next_ = 1;  // Sequence number.
};

}  // namespace ebb::egress
