// Connecting: the client's half of net/stream.h.
#include <sys/socket.h>
#include <sys/un.h>

#include <boost/asio/execution_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/this_coro.hpp>
#include <cerrno>
#include <cstring>

#include "net/socket_stream.h"
#include "net/timing.h"

namespace ebb::net {
namespace {

using Address = asio::ip::tcp::endpoint;

asio::io_context& ContextOf(const asio::any_io_executor& executor) {
  // Every coroutine of ours runs on an io_context.
  return static_cast<asio::io_context&>(asio::query(executor, asio::execution::context));
}

// One try at one address.
Task<Result<std::unique_ptr<Stream>>> Connect(sockaddr_storage address, socklen_t size,
                                              Deadline deadline) {
  asio::io_context& io = ContextOf(co_await asio::this_coro::executor);
  base::Fd fd(socket(address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.valid()) co_return Fail(Error::System("socket", errno));
  int failed = connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), size) ? errno : 0;
  // A Unix socket whose backlog is full says EAGAIN, and cannot be waited for.
  while (failed == EAGAIN && !deadline.passed(std::chrono::steady_clock::now())) {
    co_await SleepUntil(
        deadline.Earlier(std::chrono::steady_clock::now() + std::chrono::milliseconds(2)).at());
    failed = connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), size) ? errno : 0;
  }
  if (failed == EAGAIN) co_return Fail(Error::DeadlineExceeded("the deadline passed"));
  if (failed != 0 && failed != EINPROGRESS) co_return Fail(Error::System("connect", failed));

  auto stream = std::make_unique<SocketStream>(io, std::move(fd));
  if (failed == EINPROGRESS) {
    stream->SetDeadline(deadline);
    auto connected = co_await stream->FinishConnect();
    if (!connected) co_return Fail(connected.error());
    stream->SetDeadline(Deadline::Never());
  }
  co_return std::unique_ptr<Stream>(std::move(stream));
}

Task<Result<std::vector<Address>>> Resolve(std::string host, std::uint16_t port) {
  boost::system::error_code not_numeric;
  const auto numeric = asio::ip::make_address(host, not_numeric);
  if (!not_numeric) co_return std::vector<Address>{Address(numeric, port)};
  asio::ip::tcp::resolver resolver(co_await asio::this_coro::executor);
  auto [error, found] = co_await resolver.async_resolve(host, std::to_string(port), kAwait);
  if (error) {
    co_return Fail(Error::Unavailable("no such host: " + host).WithDetail(error.message()));
  }
  co_return std::vector<Address>(found.begin(), found.end());
}

}  // namespace

Task<Result<std::unique_ptr<Stream>>> ConnectTcp(std::string host, std::uint16_t port,
                                                 Deadline deadline) {
  auto addresses = co_await Resolve(host, port);
  if (!addresses) co_return Fail(addresses.error());
  const std::string where = host + ":" + std::to_string(port);
  Error last = Error::Unavailable("no address for " + host);
  for (const Address& address : *addresses) {
    sockaddr_storage raw{};
    std::memcpy(&raw, address.data(), address.size());
    auto stream = co_await Connect(raw, static_cast<socklen_t>(address.size()), deadline);
    if (stream) co_return stream;
    last = stream.error();
  }
  co_return Fail(Error(last.kind(), "cannot connect to " + where + ": " + last.message()));
}

Task<Result<std::unique_ptr<Stream>>> ConnectUnix(std::string path, Deadline deadline) {
  sockaddr_storage raw{};
  auto& address = reinterpret_cast<sockaddr_un&>(raw);
  if (path.size() >= sizeof address.sun_path) {
    co_return Fail(Error::Unavailable("cannot connect to " + path +
                                      ": a socket's path has at most 107 bytes"));
  }
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  auto stream = co_await Connect(raw, sizeof address, deadline);
  if (stream) co_return stream;
  const Error& error = stream.error();
  co_return Fail(Error(error.kind(), "cannot connect to " + path + ": " + error.message()));
}

}  // namespace ebb::net
