#include "sandbox/orders.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "base/check.h"

namespace ebb::sandbox {
namespace {

Result<SocketPair> MakePair(int type) {
  int ends[2];
  if (socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, ends) != 0) {
    return Fail(Error::System("socketpair", errno));
  }
  SocketPair pair{base::Fd(ends[0]), base::Fd(ends[1])};
  if (fcntl(ends[0], F_SETFL, O_NONBLOCK) != 0) return Fail(Error::System("fcntl", errno));
  return pair;
}

}  // namespace

Result<SocketPair> MakeSeqPacketPair() { return MakePair(SOCK_SEQPACKET); }
Result<SocketPair> MakeStreamPair() { return MakePair(SOCK_STREAM); }

bool SendOrder(int control, Order order, std::string_view text, std::span<const int> fds) {
  EBB_CHECK(fds.size() <= kMaxOrderFds && text.size() <= kMaxOrderText, "an order too large");
  order.text_bytes = static_cast<std::uint32_t>(text.size());
  iovec parts[2] = {{&order, sizeof order}, {const_cast<char*>(text.data()), text.size()}};
  alignas(cmsghdr) char rights[CMSG_SPACE(sizeof(int) * kMaxOrderFds)] = {};
  msghdr message{};
  message.msg_iov = parts;
  message.msg_iovlen = 2;
  message.msg_control = rights;
  message.msg_controllen = CMSG_SPACE(fds.size_bytes());
  cmsghdr* c = CMSG_FIRSTHDR(&message);
  c->cmsg_level = SOL_SOCKET;
  c->cmsg_type = SCM_RIGHTS;
  c->cmsg_len = CMSG_LEN(fds.size_bytes());
  memcpy(CMSG_DATA(c), fds.data(), fds.size_bytes());
  return sendmsg(control, &message, MSG_NOSIGNAL) >= 0;
}

Result<Answer> ReadAnswer(int status) {
  Status bytes{};
  iovec part{&bytes, sizeof bytes};
  alignas(cmsghdr) char rights[CMSG_SPACE(sizeof(int))];
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = rights;
  message.msg_controllen = sizeof rights;
  const ssize_t size = recvmsg(status, &message, MSG_CMSG_CLOEXEC);
  if (size < 0) return Fail(Error::System("read an answer of a helper", errno));
  Answer answer;
  for (cmsghdr* c = CMSG_FIRSTHDR(&message); c != nullptr; c = CMSG_NXTHDR(&message, c)) {
    int fd = -1;
    memcpy(&fd, CMSG_DATA(c), sizeof fd);
    answer.pidfd = base::Fd(fd);
  }
  if (size != sizeof bytes) {
    return Fail(
        Error::Unavailable("the helper ended while it started a sandbox").WithCode("Closed"));
  }
  bytes.step[sizeof bytes.step - 1] = 0;
  answer.kind = bytes.kind;
  answer.step = bytes.step;
  answer.error = bytes.error;
  return answer;
}

Result<Answer> WaitForAnswer(int status, int milliseconds) {
  pollfd source{status, POLLIN, 0};
  const int ready = poll(&source, 1, milliseconds);
  if (ready < 0) return Fail(Error::System("poll", errno));
  if (ready == 0) return Fail(Error::Unavailable("the helper does not answer"));
  return ReadAnswer(status);
}

Error ToError(const Answer& failed) {
  if (failed.error == 0) return Error::Unavailable("cannot isolate a function: " + failed.step);
  return Error::System("cannot isolate a function: " + failed.step, failed.error);
}

}  // namespace ebb::sandbox
