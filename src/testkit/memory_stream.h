// testkit/memory_stream.h
// A stream that gives bytes from memory, cut into pieces, and takes whatever is written.
#pragma once

#include <algorithm>
#include <span>
#include <string>
#include <string_view>

#include "net/stream.h"

namespace ebb::testkit {

class MemoryStream final : public net::Stream {
 public:
  // `bytes` are borrowed.  A Read gives at most `piece` of them.
  MemoryStream(std::string_view bytes, std::size_t piece) : bytes_(bytes), piece_(piece) {}
  Task<Result<std::size_t>> Read(std::span<char> into) override {
    const std::size_t count = bytes_.copy(into.data(), std::min(into.size(), piece_));
    bytes_.remove_prefix(count);
    co_return count;
  }
  Task<Result<void>> Write(std::string_view, std::string_view) override {
    co_return Result<void>();
  }
  void SetDeadline(Deadline) override {}
  void EndWriting() override {}
  bool PeerGone() const override { return false; }
  void Close() override {}
  std::string peer() const override { return "memory"; }

 private:
  std::string_view bytes_;
  const std::size_t piece_;
};

}  // namespace ebb::testkit
