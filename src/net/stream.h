// net/stream.h
// A type-erased byte stream: TCP, Unix socket, later TLS.  Everything above `net` sees only this,
// so only net/socket_stream.cc instantiates Asio's socket templates.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/error.h"
#include "base/fd.h"
#include "net/task.h"

namespace ebb::net {

// Lives on the io_context that it was made for.  Closes itself.  One Read and one Write may be
// under way at the same time.
class Stream {
 public:
  virtual ~Stream() = default;

  // Reads at least one byte; 0 means the peer has ended its side.
  // Errors: kUnavailable the connection broke; kDeadline nothing came by the deadline; kCancelled
  // the calling coroutine was cancelled.
  virtual Task<Result<std::size_t>> Read(std::span<char> into) = 0;

  // Writes all of both, in one system call where possible.  The bytes must stay until it returns.
  virtual Task<Result<void>> Write(std::string_view first, std::string_view second = {}) = 0;

  // From now on every Read and Write fails with kDeadline once `at` has come.  Deadline::Never()
  // lifts it.
  virtual void SetDeadline(Deadline at) = 0;

  // Tells the peer that nothing more comes; reading goes on.
  virtual void EndWriting() = 0;

  // True once the peer has ended its side or the connection broke, also when bytes that it sent
  // before are still unread.  Takes nothing and never waits.
  virtual bool PeerGone() const = 0;

  virtual void Close() = 0;              // Reads and writes under way fail.
  virtual std::string peer() const = 0;  // "127.0.0.1:51234", or "unix".
};

// Takes over a connected stream socket (TCP or Unix).  Small writes leave at once (TCP_NODELAY).
std::unique_ptr<Stream> MakeStream(asio::io_context& io, base::Fd socket);

// Connects.  Errors: kUnavailable (refused, no such host …), kDeadline.
Task<Result<std::unique_ptr<Stream>>> ConnectTcp(std::string host, std::uint16_t port,
                                                 Deadline deadline);
Task<Result<std::unique_ptr<Stream>>> ConnectUnix(std::string path, Deadline deadline);

}  // namespace ebb::net
