// net/socket_stream.h
// The Stream over a socket, and what connecting needs of it beyond the interface.
#pragma once

#include <memory>
#include <string>

#include "net/stream.h"

namespace ebb::net {

class SocketStream final : public Stream {
 public:
  // `socket` may still be connecting.
  SocketStream(asio::io_context& io, base::Fd socket);
  ~SocketStream() override;

  Task<Result<std::size_t>> Read(std::span<char> into) override;
  Task<Result<void>> Write(std::string_view first, std::string_view second) override;
  void SetDeadline(Deadline at) override;
  void EndWriting() override;
  bool PeerGone() const override;
  void Close() override;
  std::string peer() const override;

  // Waits for a connect under way.
  Task<Result<void>> FinishConnect();

 private:
  // Shared with the operations under way: the stream may be destroyed before they have ended.
  struct Core;
  std::shared_ptr<Core> core_;
};

}  // namespace ebb::net
