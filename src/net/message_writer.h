// net/message_writer.h
// Writes HTTP/1.1 messages to a stream: heads as text, bodies in pieces.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "net/http.h"
#include "net/stream.h"

namespace ebb::net {

// How the end of a body is told.
struct BodyFraming {
  // kNone: no body and no word about one.  kAnnounced: a Content-Length without a body (HEAD).
  enum class Kind { kNone, kAnnounced, kLength, kChunked, kUntilClose };
  Kind kind = Kind::kNone;
  std::uint64_t length = 0;  // For kAnnounced and kLength.
};

enum class ConnectionWord { kNone, kClose, kKeepAlive };  // What the Connection field says.

// Every field of `headers` but those that belong to the connection (Connection, Content-Length,
// Transfer-Encoding) and those that are not legal: a name that is no token, a value with a line
// end would let who gave it write a message of his own.
std::string FormatResponseHead(int status, const Headers& headers, BodyFraming framing,
                               ConnectionWord connection, std::string_view date);
std::string FormatRequestHead(std::string_view method, std::string_view target,
                              const Headers& headers, BodyFraming framing);

// The longest that one write may take; none: the stream's own deadline rules.
using Silence = std::optional<Duration>;

// Writes `head` and then all of `body`, in constant memory.
// Errors: those of `body` and of the stream; kInternal `body` did not have its own length.
Task<Result<void>> WriteMessage(Stream& stream, std::string head, Body& body, BodyFraming framing,
                                Silence silence);

// The same for a body in memory, which must stay: one system call when it is small.
Task<Result<void>> WriteText(Stream& stream, std::string head, std::string_view body,
                             Silence silence);

}  // namespace ebb::net
