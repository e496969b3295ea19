// Whatever user code writes to its channel, and however it is cut into pieces, is read as the same
// frames, each within the limits.
#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "sandbox/frame.h"
#include "testkit/memory_stream.h"
#include "testkit/run_task.h"

namespace ebb::sandbox {
namespace {

constexpr FrameLimits kLimits{.header = 64, .body = 1024};

// Everything that the server would have understood, as the bytes that say the same.
Task<std::string> Understand(std::string_view bytes, std::size_t piece) {
  testkit::MemoryStream stream(bytes, piece);
  FrameReader reader;
  std::string understood;
  while (true) {
    auto frame = co_await reader.Read(stream, kLimits);
    if (!frame) co_return understood;
    if (frame->header.size() > kLimits.header || frame->body.size() > kLimits.body) std::abort();
    understood += FormatFrameHead(frame->kind, frame->header, frame->body.size()) + frame->body;
  }
}

}  // namespace
}  // namespace ebb::sandbox

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  ebb::asio::io_context io;
  const std::string whole =
      ebb::testkit::RunToEnd(io, ebb::sandbox::Understand(bytes, size == 0 ? 1 : size));
  const std::string pieces = ebb::testkit::RunToEnd(io, ebb::sandbox::Understand(bytes, 1));
  if (whole != pieces || !bytes.starts_with(whole)) std::abort();
  return 0;
}
