// net/message_reader.h
// Reads HTTP/1.1 messages from a stream, one after the other: a head, then its body in pieces.
//
// Borrows the stream.  What came beyond the end of a message stays here and begins the next one.
// It sets no deadlines and decides nothing about the connection.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "net/http_parser.h"
#include "net/stream.h"

namespace ebb::net {

class MessageReader {
 public:
  MessageReader(Stream& stream, std::size_t max_head_bytes)
      : stream_(stream), max_head_bytes_(max_head_bytes) {}

  // Waits until something of the next message is there; false when the peer ended before.
  Task<Result<bool>> WaitForBytes();

  // The previous body must have ended.  Valid until the next call.
  // Errors: kInvalid not HTTP, or cut short; with code "HeadersTooLarge" over the limit; those of
  // Stream::Read.
  Task<Result<MessageHead*>> ReadHead(std::unique_ptr<HttpParser> parser);

  // The next bytes of the body; 0 at its end.  `into` must not be empty.
  Task<Result<std::size_t>> ReadBody(std::span<char> into);

  bool body_ended() const { return ended_; }
  // How much of a body with a length is left; nullopt for one without.
  std::optional<std::uint64_t> body_left() const;
  bool has_bytes() const { return begin_ < end_; }
  // What came behind the last message, for who goes on in another protocol.
  std::string TakeBytes() {
    std::string bytes(buffered());
    begin_ = end_;
    return bytes;
  }

 private:
  Task<Result<std::size_t>> ReadChunked(std::span<char> into);
  Task<Result<std::size_t>> ReadPlain(std::span<char> into, std::size_t most);
  Task<Result<std::size_t>> Fill(std::size_t most);  // 0 when the peer ended.

  std::string_view buffered() const { return {buffer_.data() + begin_, end_ - begin_}; }

  Stream& stream_;
  const std::size_t max_head_bytes_;
  std::vector<char> buffer_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;

  std::unique_ptr<HttpParser> parser_;
  std::uint64_t left_ = 0;  // Of a body with a length.
  bool ended_ = true;
};

}  // namespace ebb::net
