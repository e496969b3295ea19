#include "net/web_socket.h"

#include <algorithm>
#include <array>
#include <tuple>
#include <utility>

#include "base/encoding.h"
#include "base/hash.h"

namespace ebb::net {
namespace {

// RFC 6455 5.2 and 11.8.
enum Opcode : std::uint8_t {
  kContinuation = 0,
  kText = 1,
  kBinary = 2,
  kClose = 8,
  kPing = 9,
  kPong = 10,
};
constexpr std::uint16_t kNormal = 1000;
constexpr std::uint16_t kProtocolError = 1002;
constexpr std::uint16_t kNotUtf8 = 1007;
constexpr std::uint16_t kTooBig = 1009;
constexpr std::size_t kMostControl = 125;
constexpr std::size_t kReadBytes = 16UL * 1024;
constexpr const char* kGuid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";  // RFC 6455 1.3.

void Mask(std::string& bytes, std::string_view key) {
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = static_cast<char>(bytes[i] ^ key[i % 4]);
  }
}

std::uint64_t BigEndian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (const char c : bytes) value = value << 8 | static_cast<unsigned char>(c);
  return value;
}

void AppendBigEndian(std::string& out, std::uint64_t value, int bytes) {
  for (int shift = (bytes - 1) * 8; shift >= 0; shift -= 8) {
    out.push_back(static_cast<char>(value >> shift));
  }
}

std::string AnswerTo(std::string_view key) {
  base::Digest digest(base::DigestKind::kSha1);
  digest.Update(key);
  digest.Update(kGuid);
  return base::FormatBase64(digest.Finish());
}

// Whether a field that is a list of words has this one.
bool HasToken(const Headers& headers, std::string_view name, std::string_view lower) {
  std::string value = headers.GetJoined(name);
  std::ranges::transform(value, value.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  });
  std::size_t begin = 0;
  while (begin <= value.size()) {
    const std::size_t end = std::min(value.find(',', begin), value.size());
    std::string_view word = std::string_view(value).substr(begin, end - begin);
    while (word.starts_with(' ')) word.remove_prefix(1);
    while (word.ends_with(' ')) word.remove_suffix(1);
    if (word == lower) return true;
    begin = end + 1;
  }
  return false;
}

}  // namespace

// Whose turn it is to write: frames must not get between each other's bytes.
class WebSocket::Turn {
 public:
  explicit Turn(WebSocket& socket) : socket_(socket) { socket_.writing_ = true; }
  ~Turn() {
    socket_.writing_ = false;
    socket_.written_.NotifyAll();
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

 private:
  WebSocket& socket_;
};

WebSocket::WebSocket(asio::io_context& io, Stream& stream, Side side, Random& random,
                     std::string received, Limits limits)
    : stream_(stream),
      side_(side),
      random_(random),
      limits_(limits),
      received_(std::move(received)),
      written_(io) {}

Task<Result<void>> WebSocket::Need(std::size_t bytes) {
  std::array<char, kReadBytes> piece;
  while (received_.size() < bytes) {
    auto count = co_await stream_.Read(piece);
    if (!count) co_return Fail(count.error());
    if (*count == 0) co_return Fail(Error::Unavailable("the connection ended without a close"));
    received_.append(piece.data(), *count);
  }
  co_return Result<void>();
}

Task<Result<WebSocket::Frame>> WebSocket::ReadFrame() {
  if (auto there = co_await Need(2); !there) co_return Fail(there.error());
  const auto first = static_cast<unsigned char>(received_[0]);
  const auto second = static_cast<unsigned char>(received_[1]);
  Frame frame{.final = (first & 0x80) != 0, .opcode = static_cast<std::uint8_t>(first & 0x0f)};
  const bool masked = (second & 0x80) != 0;
  std::uint64_t length = second & 0x7f;
  const std::size_t more = length == 127 ? 8 : length == 126 ? 2 : 0;
  if ((first & 0x70) != 0) co_return Fail(co_await Refuse(kProtocolError, "reserved bits are set"));
  if (masked != (side_ == Side::kServer)) {
    co_return Fail(co_await Refuse(kProtocolError, "a client must mask, a server must not"));
  }
  if (frame.opcode >= kClose && (length > kMostControl || !frame.final)) {
    co_return Fail(co_await Refuse(kProtocolError, "a control frame is too long or in fragments"));
  }
  if (auto there = co_await Need(2 + more); !there) co_return Fail(there.error());
  if (more > 0) length = BigEndian(std::string_view(received_).substr(2, more));
  if (length > limits_.message_bytes) {
    co_return Fail(co_await Refuse(kTooBig, "the message is too big"));
  }
  const std::size_t head = 2 + more + (masked ? 4 : 0);
  if (auto there = co_await Need(head + length); !there) co_return Fail(there.error());
  frame.payload = received_.substr(head, length);
  if (masked) Mask(frame.payload, std::string_view(received_).substr(head - 4, 4));
  received_.erase(0, head + length);
  co_return frame;
}

Task<Result<std::optional<WebSocketMessage>>> WebSocket::Receive() {
  std::optional<WebSocketMessage> message;  // While its fragments come.
  while (true) {
    auto frame = co_await ReadFrame();
    if (!frame) co_return Fail(frame.error());
    switch (frame->opcode) {
      case kPing: {
        auto answered = co_await Write(kPong, std::move(frame->payload));
        if (!answered) co_return Fail(answered.error());
        continue;
      }
      case kPong:
        continue;
      case kClose:
        co_await OnClose(std::move(frame->payload));
        co_return std::nullopt;
      case kText:
      case kBinary:
        if (message) co_return Fail(co_await Refuse(kProtocolError, "a message within another"));
        message.emplace();
        message->kind = frame->opcode == kText ? WebSocketMessage::Kind::kText
                                               : WebSocketMessage::Kind::kBinary;
        break;
      case kContinuation:
        if (!message) co_return Fail(co_await Refuse(kProtocolError, "nothing is to be continued"));
        break;
      default:
        co_return Fail(co_await Refuse(kProtocolError, "an unknown kind of frame"));
    }
    if (message->bytes.size() + frame->payload.size() > limits_.message_bytes) {
      co_return Fail(co_await Refuse(kTooBig, "the message is too big"));
    }
    message->bytes += frame->payload;
    if (!frame->final) continue;
    if (message->kind == WebSocketMessage::Kind::kText && !base::IsUtf8(message->bytes)) {
      co_return Fail(co_await Refuse(kNotUtf8, "the text is not UTF-8"));
    }
    co_return message;
  }
}

Task<void> WebSocket::OnClose(std::string payload) {
  std::uint16_t code = kNormal;
  if (payload.size() >= 2) {
    code = static_cast<std::uint16_t>(BigEndian(std::string_view(payload).substr(0, 2)));
    close_reason_ = payload.substr(2);
  }
  // The peer may have gone already: its loss.
  std::ignore = co_await Close(code, {});
}

Task<Error> WebSocket::Refuse(std::uint16_t code, std::string why) {
  // It broke the protocol; whether it hears so is its business.
  std::ignore = co_await Close(code, why);
  co_return Error::Invalid("WebSocket: " + why);
}

Task<Result<void>> WebSocket::Send(WebSocketMessage::Kind kind, std::string bytes) {
  const Opcode opcode = kind == WebSocketMessage::Kind::kText ? kText : kBinary;
  return Write(opcode, std::move(bytes));
}

Task<Result<void>> WebSocket::Close(std::uint16_t code, std::string reason) {
  std::string payload;
  AppendBigEndian(payload, code, 2);
  payload += reason.substr(0, kMostControl - 2);
  return Write(kClose, std::move(payload));
}

Task<Result<void>> WebSocket::Write(std::uint8_t opcode, std::string payload) {
  while (writing_) co_await written_.Wait(Deadline::Never());
  const Turn turn(*this);
  if (closed_) {  // A second close is no news; anything else comes too late.
    if (opcode == kClose) co_return Result<void>();
    co_return Fail(Error::Unavailable("the WebSocket is closed"));
  }
  closed_ = opcode == kClose;
  std::string head(1, static_cast<char>(0x80 | opcode));
  const std::uint8_t mask_bit = side_ == Side::kClient ? 0x80 : 0;
  if (payload.size() <= kMostControl) {
    head.push_back(static_cast<char>(mask_bit | payload.size()));
  } else if (payload.size() <= 0xffff) {
    head.push_back(static_cast<char>(mask_bit | 126));
    AppendBigEndian(head, payload.size(), 2);
  } else {
    head.push_back(static_cast<char>(mask_bit | 127));
    AppendBigEndian(head, payload.size(), 8);
  }
  if (side_ == Side::kClient) {
    const std::string key = random_.Bytes(4);
    head += key;
    Mask(payload, key);
  }
  co_return co_await stream_.Write(head, payload);
}

Result<Response> AcceptWebSocket(std::string_view method, const Headers& headers) {
  const std::string key(headers.Get("sec-websocket-key").value_or(""));
  if (method != "GET" || !HasToken(headers, "upgrade", "websocket") ||
      !HasToken(headers, "connection", "upgrade")) {
    return Fail(Error::Invalid("this is asked for over a WebSocket (RFC 6455)"));
  }
  if (headers.Get("sec-websocket-version") != "13") {
    return Fail(Error::Invalid("Sec-WebSocket-Version must be 13"));
  }
  if (const auto raw = base::ParseBase64(key); !raw || raw->size() != 16) {
    return Fail(Error::Invalid("Sec-WebSocket-Key must be 16 bytes in base64"));
  }
  Response response;
  response.status = 101;
  response.headers.Add("Upgrade", "websocket");
  response.headers.Add("Sec-WebSocket-Accept", AnswerTo(key));
  return response;
}

std::string AskForWebSocket(Headers& headers, Random& random) {
  std::string key = base::FormatBase64(random.Bytes(16));
  headers.Set("Upgrade", "websocket");
  headers.Set("Connection", "Upgrade");
  headers.Set("Sec-WebSocket-Version", "13");
  headers.Set("Sec-WebSocket-Key", key);
  return key;
}

bool IsWebSocketAnswer(const Response& response, std::string_view key) {
  return response.status == 101 && HasToken(response.headers, "upgrade", "websocket") &&
         response.headers.Get("sec-websocket-accept") == AnswerTo(key);
}

}  // namespace ebb::net
