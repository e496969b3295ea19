#include "sandbox/orders.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

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

bool SendWithFds(int socket, std::span<iovec> parts, std::span<const int> fds) {
  alignas(cmsghdr) char rights[CMSG_SPACE(sizeof(int) * kMaxOrderFds)] = {};
  msghdr message{};
  message.msg_iov = parts.data();
  message.msg_iovlen = parts.size();
  message.msg_control = rights;
  message.msg_controllen = CMSG_SPACE(fds.size_bytes());
  cmsghdr* c = CMSG_FIRSTHDR(&message);
  c->cmsg_level = SOL_SOCKET;
  c->cmsg_type = SCM_RIGHTS;
  c->cmsg_len = CMSG_LEN(fds.size_bytes());
  memcpy(CMSG_DATA(c), fds.data(), fds.size_bytes());
  return sendmsg(socket, &message, MSG_NOSIGNAL) >= 0;
}

}  // namespace

Result<SocketPair> MakeSeqPacketPair() { return MakePair(SOCK_SEQPACKET); }
Result<SocketPair> MakeStreamPair() { return MakePair(SOCK_STREAM); }

Result<Sockets> Sockets::Make() {
  auto status = MakeSeqPacketPair();
  if (!status) return Fail(status.error());
  auto channel = MakeStreamPair();
  if (!channel) return Fail(channel.error());
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return Fail(Error::System("pipe", errno));
  return Sockets{std::move(*status), std::move(*channel), {base::Fd(ends[0]), base::Fd(ends[1])}};
}

void Sockets::CloseTheirs() {
  status.theirs.Reset();
  channel.theirs.Reset();
  output.theirs.Reset();
}

Result<void> TellSender(const base::Fd& status) {
  const int one = 1;
  if (setsockopt(status.get(), SOL_SOCKET, SO_PASSCRED, &one, sizeof one) == 0) return {};
  return Fail(Error::System("SO_PASSCRED", errno));
}

Result<void> SendFork(const base::Fd& channel, std::span<const int> fds) {
  EBB_CHECK(fds.size() <= kMaxOrderFds, "too many descriptors for a template");
  char ask = 'F';
  iovec part{&ask, 1};
  if (SendWithFds(channel.get(), {&part, 1}, fds)) return {};
  return Fail(Error::System("talk to a template", errno));
}

bool SendOrder(int control, Order order, std::string_view text, std::span<const int> fds) {
  EBB_CHECK(fds.size() <= kMaxOrderFds && text.size() <= kMaxOrderText, "an order too large");
  order.text_bytes = static_cast<std::uint32_t>(text.size());
  iovec parts[2] = {{&order, sizeof order}, {const_cast<char*>(text.data()), text.size()}};
  return SendWithFds(control, parts, fds);
}

Result<Answer> ReadAnswer(int status) {
  Status bytes{};
  iovec part{&bytes, sizeof bytes};
  alignas(cmsghdr) char rights[CMSG_SPACE(sizeof(int)) + CMSG_SPACE(sizeof(ucred))];
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = rights;
  message.msg_controllen = sizeof rights;
  const ssize_t size = recvmsg(status, &message, MSG_CMSG_CLOEXEC);
  if (size < 0) return Fail(Error::System("read an answer of a helper", errno));
  Answer answer;
  for (cmsghdr* c = CMSG_FIRSTHDR(&message); c != nullptr; c = CMSG_NXTHDR(&message, c)) {
    if (c->cmsg_level != SOL_SOCKET) continue;
    if (c->cmsg_type == SCM_RIGHTS) {
      int fd = -1;
      memcpy(&fd, CMSG_DATA(c), sizeof fd);
      answer.pidfd = base::Fd(fd);
    } else if (c->cmsg_type == SCM_CREDENTIALS) {
      ucred from{};
      memcpy(&from, CMSG_DATA(c), sizeof from);
      answer.sender = from.pid;
    }
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
