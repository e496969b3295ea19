// Whatever a client sends, and however it is cut into pieces, is read as the same messages.
//   clang++-19 -fsanitize=fuzzer,address,undefined … src/net/message_reader_fuzz.cc
#include <boost/asio/co_spawn.hpp>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "net/message_reader.h"
#include "testkit/memory_stream.h"
#include "testkit/run_task.h"

namespace ebb::net {
namespace {

// Everything that a server would have understood, as text.
Task<std::string> Understand(std::string_view bytes, std::size_t piece, std::size_t sink_size) {
  testkit::MemoryStream stream(bytes, piece);
  MessageReader reader(stream, 1024);
  std::string all;
  std::vector<char> sink(sink_size);
  for (;;) {
    auto begun = co_await reader.WaitForBytes();
    if (!begun || !*begun) co_return all + "end";
    auto head = co_await reader.ReadHead(MakeRequestParser());
    if (!head) co_return all + "refused";
    all.append((*head)->method).append(" ").append((*head)->target).append("\n");
    for (const auto& [name, value] : (*head)->headers) {
      all.append(name).append(":").append(value).append("\n");
    }
    std::string body;  // Of one that breaks, how much comes before depends on the pieces.
    while (!reader.body_ended()) {
      auto count = co_await reader.ReadBody(sink);
      if (!count) co_return all + "cut";
      body.append(sink.data(), *count);
    }
    all += body;
  }
}

}  // namespace
}  // namespace ebb::net

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using ebb::net::Understand;
  if (size < 2) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 2, size - 2);
  boost::asio::io_context io;
  const auto whole = ebb::testkit::RunToEnd(io, Understand(bytes, 1 << 20, 1 << 16));
  const auto cut = ebb::testkit::RunToEnd(io, Understand(bytes, data[0] + 1u, data[1] + 1u));
  if (whole != cut) std::abort();
  return 0;
}
