#include "egress/netlink.h"

#include <arpa/inet.h>
#include <endian.h>
#include <linux/netlink.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace ebb::egress {
namespace {

// Messages and attributes both begin at multiples of this.
static_assert(NLMSG_ALIGNTO == NLA_ALIGNTO);
void Align(std::string& bytes) {
  bytes.resize((bytes.size() + NLA_ALIGNTO - 1) / NLA_ALIGNTO * NLA_ALIGNTO);
}

}  // namespace

Attributes& Attributes::PutBytes(std::uint16_t type, std::string_view value) {
  const nlattr head{static_cast<std::uint16_t>(NLA_HDRLEN + value.size()), type};
  bytes_ += BytesOf(head);
  bytes_ += value;
  Align(bytes_);
  return *this;
}

Attributes& Attributes::Put32(std::uint16_t type, std::uint32_t value) {
  return PutBytes(type, BytesOf(value));
}

Attributes& Attributes::PutBig32(std::uint16_t type, std::uint32_t value) {
  return Put32(type, htonl(value));
}

Attributes& Attributes::PutBig64(std::uint16_t type, std::uint64_t value) {
  const std::uint64_t big = htobe64(value);
  return PutBytes(type, BytesOf(big));
}

Attributes& Attributes::PutText(std::uint16_t type, std::string_view text) {
  return PutBytes(type, std::string(text) + '\0');
}

Attributes& Attributes::PutNested(std::uint16_t type, const Attributes& nested) {
  return PutNested(type, {}, nested);
}

Attributes& Attributes::PutNested(std::uint16_t type, std::string_view header,
                                  const Attributes& nested) {
  std::string content(header);
  Align(content);
  return PutBytes(type | NLA_F_NESTED, content + nested.bytes_);
}

void Messages::Add(std::uint16_t type, std::uint16_t flags, std::string_view header,
                   const Attributes& attributes) {
  Append(type, static_cast<std::uint16_t>(flags | NLM_F_REQUEST | NLM_F_ACK), header,
         attributes.bytes());
  ++answers_;
}

void Messages::AddUnanswered(std::uint16_t type, std::string_view header) {
  Append(type, NLM_F_REQUEST, header, {});
}

void Messages::Append(std::uint16_t type, std::uint16_t flags, std::string_view header,
                      std::string_view attributes) {
  std::string content(header);
  Align(content);
  content += attributes;
  nlmsghdr head{};
  head.nlmsg_len = static_cast<std::uint32_t>(NLMSG_HDRLEN + content.size());
  head.nlmsg_type = type;
  head.nlmsg_flags = flags;
  head.nlmsg_seq = count_++;  // Made unique by Send.
  bytes_ += BytesOf(head);
  bytes_ += content;
  Align(bytes_);
}

Result<NetlinkSocket> NetlinkSocket::Open(int protocol) {
  base::Fd fd(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol));
  if (!fd.valid()) return Fail(Error::System("open a netlink socket", errno));
  return NetlinkSocket(std::move(fd));
}

int NetlinkSocket::Send(Messages messages) {
  const std::uint32_t first = next_;
  next_ += messages.count_;
  for (std::size_t at = 0; at < messages.bytes_.size();) {
    nlmsghdr head;
    std::memcpy(&head, &messages.bytes_[at], sizeof head);
    head.nlmsg_seq += first;
    std::memcpy(&messages.bytes_[at], &head, sizeof head);
    at += NLMSG_ALIGN(head.nlmsg_len);
  }
  if (send(socket_.get(), messages.bytes_.data(), messages.bytes_.size(), 0) < 0) return errno;
  return ReadAnswers(first, messages.answers_);
}

// The kernel does the work inside send: when that returns, every answer waits here.
int NetlinkSocket::ReadAnswers(std::uint32_t first, std::uint32_t awaited) {
  alignas(nlmsghdr) std::array<char, 16384> bytes;
  while (awaited > 0) {
    const ssize_t size = recv(socket_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
    if (size < 0) return errno == EAGAIN ? EPROTO : errno;
    auto left = static_cast<unsigned>(size);
    for (auto* head = reinterpret_cast<nlmsghdr*>(bytes.data()); NLMSG_OK(head, left);
         head = NLMSG_NEXT(head, left)) {
      // What an earlier failure left unread is not ours.
      if (head->nlmsg_type != NLMSG_ERROR || head->nlmsg_seq < first) continue;
      nlmsgerr answer;
      std::memcpy(&answer, NLMSG_DATA(head), sizeof answer);
      if (answer.error != 0) return -answer.error;
      --awaited;
    }
  }
  return 0;
}

}  // namespace ebb::egress
