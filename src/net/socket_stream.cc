#include "net/socket_stream.h"

#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cerrno>

namespace ebb::net {
namespace {

using Socket = asio::generic::stream_protocol::socket;

int FamilyOf(int fd) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) return AF_UNSPEC;
  return address.ss_family;
}

bool IsTcp(int family) { return family == AF_INET || family == AF_INET6; }

Error Broken(const char* doing, int number) {
  return Error::Unavailable("the connection broke")
      .WithDetail(Error::System(doing, number).message());
}

// What is left of `first` and `second` after `sent` bytes, as sendmsg wants it.
std::array<iovec, 2> Rest(std::string_view first, std::string_view second, std::size_t sent) {
  const std::string_view a = first.substr(std::min(sent, first.size()));
  const std::string_view b = second.substr(sent - (first.size() - a.size()));
  return {iovec{const_cast<char*>(a.data()), a.size()},
          iovec{const_cast<char*>(b.data()), b.size()}};
}

}  // namespace

struct SocketStream::Core : std::enable_shared_from_this<Core> {
  Core(asio::io_context& io, int family, base::Fd fd)
      : socket(io, asio::generic::stream_protocol(family, IsTcp(family) ? IPPROTO_TCP : 0),
               fd.Release()),
        timer(io) {}

  bool passed() const {
    return !deadline.never() && deadline.passed(std::chrono::steady_clock::now());
  }

  // Arms the timer no later than the deadline.  A deadline that moves later, as it does with every
  // request of a kept connection, touches no timer: the one that is armed looks again.
  void Arm() {
    if (deadline.never() || armed_for <= deadline.at()) return;
    armed_for = deadline.at();
    timer.expires_at(armed_for);
    timer.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
      const auto self = weak.lock();
      if (error || !self) return;
      self->armed_for = TimePoint::max();
      if (self->passed()) {
        boost::system::error_code ignored;  // Closed already: nothing is under way.
        self->socket.cancel(ignored);
      } else {
        self->Arm();
      }
    });
  }

  Error Failed(const char* doing, const boost::system::error_code& error) const {
    if (error != asio::error::operation_aborted) return Broken(doing, error.value());
    if (!socket.is_open()) return Error::Unavailable("the connection was closed");
    if (passed()) return Late();
    return Error::Cancelled("cancelled");
  }

  static Error Late() { return Error::DeadlineExceeded("the deadline passed"); }

  Task<Result<void>> WaitWritable() {
    auto [error] = co_await socket.async_wait(Socket::wait_write, kAwait);
    if (error) co_return Fail(Failed("wait", error));
    co_return Result<void>();
  }

  Socket socket;
  asio::steady_timer timer;
  Deadline deadline;
  bool ended =
      false;  // By the peer.  Kept: a second read would wait for an edge that came already.
  TimePoint armed_for = TimePoint::max();  // When `timer` fires; max when it is not armed.
};

SocketStream::SocketStream(asio::io_context& io, base::Fd fd) {
  const int family = FamilyOf(fd.get());
  if (IsTcp(family)) {
    const int on = 1;  // Responses are whole: nothing would follow that is worth waiting for.
    setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  core_ = std::make_shared<Core>(io, family, std::move(fd));
}

SocketStream::~SocketStream() { Close(); }

Task<Result<std::size_t>> SocketStream::Read(std::span<char> into) {
  const std::shared_ptr<Core> core = core_;
  if (core->ended) co_return 0;
  if (core->passed()) co_return Fail(Core::Late());
  auto [error, count] =
      co_await core->socket.async_read_some(asio::buffer(into.data(), into.size()), kAwait);
  core->ended = error == asio::error::eof;
  if (core->ended) co_return 0;
  if (error) co_return Fail(core->Failed("read", error));
  co_return count;
}

Task<Result<void>> SocketStream::Write(std::string_view first, std::string_view second) {
  const std::shared_ptr<Core> core = core_;
  for (std::size_t sent = 0; sent < first.size() + second.size();) {
    if (!core->socket.is_open()) co_return Fail(Error::Unavailable("the connection was closed"));
    if (core->passed()) co_return Fail(Core::Late());
    auto parts = Rest(first, second, sent);
    msghdr message{};
    message.msg_iov = parts.data();
    message.msg_iovlen = parts.size();
    // Straight to the kernel: nearly every write fits into the socket's buffer, and Asio would post
    // its completion through the loop.
    const ssize_t n = sendmsg(core->socket.native_handle(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n >= 0) {
      sent += static_cast<std::size_t>(n);
    } else if (errno == EAGAIN) {
      auto writable = co_await core->WaitWritable();
      if (!writable) co_return Fail(writable.error());
    } else if (errno != EINTR) {
      co_return Fail(Broken("write", errno));
    }
  }
  co_return Result<void>();
}

void SocketStream::SetDeadline(Deadline at) {
  core_->deadline = at;
  core_->Arm();
}

void SocketStream::EndWriting() {
  boost::system::error_code ignored;  // Broken already: reading will say so.
  core_->socket.shutdown(Socket::shutdown_send, ignored);
}

bool SocketStream::PeerGone() const {
  if (!core_->socket.is_open()) return true;
  pollfd watched{core_->socket.native_handle(), POLLRDHUP, 0};
  return poll(&watched, 1, 0) > 0;
}

void SocketStream::Close() {
  core_->timer.cancel();
  boost::system::error_code ignored;  // The descriptor is gone either way.
  core_->socket.close(ignored);
}

std::string SocketStream::peer() const {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (!core_->socket.is_open() || getpeername(core_->socket.native_handle(), generic, &size) != 0) {
    return "gone";
  }
  if (!IsTcp(address.ss_family)) return "unix";
  std::array<char, NI_MAXHOST> host{};
  std::array<char, NI_MAXSERV> port{};
  getnameinfo(generic, size, host.data(), host.size(), port.data(), port.size(),
              NI_NUMERICHOST | NI_NUMERICSERV);
  const std::string text = host.data();
  return (address.ss_family == AF_INET6 ? "[" + text + "]" : text) + ":" + port.data();
}

Task<Result<void>> SocketStream::FinishConnect() {
  const std::shared_ptr<Core> core = core_;
  if (core->passed()) co_return Fail(Core::Late());
  auto writable = co_await core->WaitWritable();
  if (!writable) co_return writable;
  int number = 0;
  socklen_t size = sizeof number;
  getsockopt(core->socket.native_handle(), SOL_SOCKET, SO_ERROR, &number, &size);
  if (number != 0) co_return Fail(Error::System("connect", number));
  co_return Result<void>();
}

std::unique_ptr<Stream> MakeStream(asio::io_context& io, base::Fd socket) {
  return std::make_unique<SocketStream>(io, std::move(socket));
}

}  // namespace ebb::net
