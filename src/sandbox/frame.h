// sandbox/frame.h
// The messages between server and shim, over the channel:
//   length u32 | kind u8 | header length u32 | header (JSON) | body
// little-endian; the length counts what follows it.  The other ends are in runtimes/.
//
// What comes from a sandbox is hostile: user code can write to the channel what it likes.  The
// reader takes no more than it is told to, and nothing in a frame is believed but what the function
// may decide anyway: the answer to the request that it was asked.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"
#include "net/stream.h"

namespace ebb::sandbox {

enum class FrameKind : char {
  kStart = 'I',       // To the shim: handler, environment, context.
  kCall = 'C',        // To the shim: one request; the body is the event.
  kTemplate = 'T',    // To the shim: fork instances from now on.  From it: ready to.
  kBytecode = 'P',    // To the shim: compile /code.  From it: one file; without a header: no more.
  kHook = 'H',        // To the shim: run a hook; the header is kCall's and its handler.
  kBooted = 'B',      // From the shim: waiting for kStart.
  kLoaded = 'L',      // From the shim: the handler is there.
  kLoadFailed = 'X',  // From the shim: it is not; "message" says why.
  kAnswer = 'A',      // From the shim: requestId, ok, errorType; the body is the result.
};

struct Frame {
  FrameKind kind = FrameKind::kAnswer;
  std::string header;
  std::string body;
};

// Everything before the body, which is sent behind it.
std::string FormatFrameHead(FrameKind kind, std::string_view header, std::size_t body_size);

struct FrameLimits {
  std::uint32_t header = 64 * 1024;
  std::uint32_t body = 32 * 1024 * 1024;  // FC's limit for a synchronous answer.
};

// Lives with the stream that it reads.
class FrameReader {
 public:
  // Errors: kUnavailable the stream ended; kDeadline; kInvalid what came is no frame, or one over
  // the limits: the stream is of no more use.
  Task<Result<Frame>> Read(net::Stream& from, FrameLimits limits);

 private:
  Task<Result<void>> Fill(net::Stream& from, std::size_t size);

  std::string buffer_;  // Read, not yet used.
};

}  // namespace ebb::sandbox
