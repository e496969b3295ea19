// net/http_parser.h
// Beast's HTTP/1.1 parser, fed with bytes and made strict: whatever two programs could read in two
// ways is refused, because a proxy in front of us may have read it in the other way.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/error.h"
#include "net/http.h"

namespace ebb::net {

// The head of a request or of a response.
struct MessageHead {
  std::string method;  // Of a request.
  std::string target;  // Of a request.
  int status = 0;      // Of a response.
  int version = 11;    // 10 or 11.
  Headers headers;

  enum class Framing { kLength, kChunked, kUntilEnd };
  Framing framing = Framing::kLength;
  std::uint64_t length = 0;  // For kLength; 0 when there is no body.
  bool keep_alive = true;
};

class HttpParser {
 public:
  virtual ~HttpParser() = default;

  // Takes bytes of the head, or of a chunked body once `head_done`; bodies of another framing are
  // not fed.  Returns how many it took: not all when a line is incomplete (feed the rest again with
  // more behind it), when the head has ended, or when the sink is full.
  // Errors: kInvalid, saying what is wrong with the message.
  virtual Result<std::size_t> Feed(std::string_view bytes) = 0;

  virtual bool head_done() const = 0;
  virtual bool body_done() const = 0;  // Of a chunked body.
  virtual MessageHead& head() = 0;

  // Where the next bytes of a chunked body go; counts how many came.  Bytes fed from within the
  // sink itself are not copied.
  virtual void SetSink(std::span<char> sink) = 0;
  virtual std::size_t sunk() const = 0;
  // How much of the current chunk is still to come.
  virtual std::uint64_t chunk_left() const = 0;
};

std::unique_ptr<HttpParser> MakeRequestParser();

enum class AnswerTo { kHead, kOther };
std::unique_ptr<HttpParser> MakeResponseParser(AnswerTo method);

}  // namespace ebb::net
