// net/web_socket.h
// RFC 6455 on a stream: messages both ways, on a connection that HTTP has handed over.
//
// No extensions, no subprotocols.  Pings are answered and fragments put together by Receive, so
// somebody must always be in it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "net/http.h"
#include "net/timing.h"

namespace ebb::net {

struct WebSocketMessage {
  enum class Kind { kText, kBinary };
  Kind kind = Kind::kBinary;
  std::string bytes;
};

// Lives on its io_context.  Borrows stream and random.  One Receive at a time; Send and Close may
// be called while it and each other are under way.
class WebSocket {
 public:
  enum class Side { kServer, kClient };  // A client masks what it sends.
  struct Limits {
    std::size_t message_bytes = 1 << 20;  // Of what is received.
  };

  // `received`: what came behind the HTTP message.
  WebSocket(asio::io_context& io, Stream& stream, Side side, Random& random, std::string received,
            Limits limits);

  // The next message; nullopt once the peer has closed, which is answered.
  // Errors: kInvalid the peer breaks the protocol or sends too much, and has been told so;
  //         kUnavailable the connection broke.
  Task<Result<std::optional<WebSocketMessage>>> Receive();

  Task<Result<void>> Send(WebSocketMessage::Kind kind, std::string bytes);
  // Says that nothing more comes.  Codes: RFC 6455 7.4.1; at most 123 bytes of reason.
  Task<Result<void>> Close(std::uint16_t code, std::string reason);

  // What the peer gave as its reason, once Receive has returned nullopt.
  const std::string& close_reason() const { return close_reason_; }

 private:
  struct Frame {
    bool final = true;
    std::uint8_t opcode = 0;
    std::string payload{};
  };
  class Turn;

  Task<Result<Frame>> ReadFrame();
  Task<Result<void>> Need(std::size_t bytes);  // In received_.
  Task<Result<void>> Write(std::uint8_t opcode, std::string payload);
  Task<Error> Refuse(std::uint16_t code, std::string why);
  Task<void> OnClose(std::string payload);

  Stream& stream_;
  const Side side_;
  Random& random_;
  const Limits limits_;
  std::string received_;
  bool writing_ = false;
  bool closed_ = false;  // We have sent a close.
  Signal written_;
  std::string close_reason_;
};

// The answer to a request that asks for a WebSocket, without its Response::upgrade.
// Errors: kInvalid it does not ask for one, or for a version other than 13.
Result<Response> AcceptWebSocket(std::string_view method, const Headers& headers);

// A client's half: sets the fields on a request; and whether the answer agrees.
std::string AskForWebSocket(Headers& headers, Random& random);  // The key.
bool IsWebSocketAnswer(const Response& response, std::string_view key);

}  // namespace ebb::net
