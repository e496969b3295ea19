#include "sandbox/frame.h"

#include <algorithm>
#include <cstring>

namespace ebb::sandbox {
namespace {

constexpr std::size_t kHeadSize = 9;
// Memory grows with what has come, not with what is said to come.
constexpr std::size_t kPiece = std::size_t{64} * 1024;

void AppendNumber(std::string& to, std::uint32_t value) {
  for (int shift = 0; shift < 32; shift += 8) to += static_cast<char>((value >> shift) & 0xff);
}

std::uint32_t ReadNumber(const char* from) {
  std::uint32_t value = 0;
  for (int i = 0; i < 4; ++i) {
    value |= static_cast<std::uint32_t>(static_cast<unsigned char>(from[i])) << (8 * i);
  }
  return value;
}

}  // namespace

std::string FormatFrameHead(FrameKind kind, std::string_view header, std::size_t body_size) {
  std::string head;
  head.reserve(kHeadSize + header.size());
  AppendNumber(head, static_cast<std::uint32_t>(5 + header.size() + body_size));
  head += static_cast<char>(kind);
  AppendNumber(head, static_cast<std::uint32_t>(header.size()));
  head += header;
  return head;
}

Task<Result<void>> FrameReader::Fill(net::Stream& from, std::size_t size) {
  while (buffer_.size() < size) {
    const std::size_t had = buffer_.size();
    buffer_.resize(had + kPiece);
    const auto got = co_await from.Read(std::span(buffer_).subspan(had));
    buffer_.resize(had + (got ? *got : 0));
    if (!got) co_return Fail(got.error());
    if (*got == 0) co_return Fail(Error::Unavailable("the sandbox closed its channel"));
  }
  co_return Result<void>();
}

Task<Result<Frame>> FrameReader::Read(net::Stream& from, FrameLimits limits) {
  auto filled = co_await Fill(from, kHeadSize);
  if (!filled) co_return Fail(filled.error());
  const std::uint32_t length = ReadNumber(buffer_.data());
  const std::uint32_t header = ReadNumber(buffer_.data() + 5);
  if (length < 5 || header > length - 5 || header > limits.header ||
      length - 5 - header > limits.body) {
    co_return Fail(Error::Invalid("a frame of " + std::to_string(length) +
                                  " bytes, which is broken or over the limit"));
  }
  const std::size_t size = 4 + static_cast<std::size_t>(length);
  filled = co_await Fill(from, size);
  if (!filled) co_return Fail(filled.error());
  Frame frame;
  frame.kind = static_cast<FrameKind>(buffer_[4]);
  frame.header = buffer_.substr(kHeadSize, header);
  frame.body = buffer_.substr(kHeadSize + header, size - kHeadSize - header);
  buffer_.erase(0, size);
  if (buffer_.capacity() > 16 * kPiece) buffer_.shrink_to_fit();
  co_return frame;
}

}  // namespace ebb::sandbox
