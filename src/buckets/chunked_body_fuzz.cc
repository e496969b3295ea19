// However a chunked body is broken, it is taken apart or refused, and the same however it is cut
// into pieces on its way.
#include <boost/asio/co_spawn.hpp>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "buckets/chunked_body.h"
#include "testkit/run_task.h"

namespace ebb::buckets {
namespace {

class PieceBody : public net::Body {
 public:
  PieceBody(std::string_view bytes, std::size_t piece) : bytes_(bytes), piece_(piece) {}
  std::optional<std::uint64_t> length() const override { return std::nullopt; }
  Task<Result<std::size_t>> Read(std::span<char> into) override {
    const std::size_t count = bytes_.copy(into.data(), std::min(into.size(), piece_));
    bytes_.remove_prefix(count);
    co_return count;
  }

 private:
  std::string_view bytes_;
  const std::size_t piece_;
};

std::string TakeApart(std::string_view bytes, std::size_t piece, std::uint64_t length,
                      ChunkedBody::Ending ending) {
  asio::io_context io;
  PieceBody inner(bytes, piece);
  ChunkedBody body(inner, std::nullopt, ending, length);
  auto text = testkit::RunToEnd(io, net::ReadAll(body, 1 << 20));
  if (!text) return "refused";
  if (text->size() != length) std::abort();
  for (const auto& [name, value] : body.trailers())
    text->append(name).append("=").append(value).append(";");
  return *text;
}

}  // namespace
}  // namespace ebb::buckets

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using ebb::buckets::ChunkedBody;
  if (size < 2) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 2, size - 2);
  const auto ending =
      (data[0] & 1) != 0 ? ChunkedBody::Ending::kTrailers : ChunkedBody::Ending::kPlain;
  const std::string whole = ebb::buckets::TakeApart(bytes, size, data[1], ending);
  const std::string bytewise = ebb::buckets::TakeApart(bytes, 1, data[1], ending);
  if (whole != bytewise) std::abort();
  return 0;
}
