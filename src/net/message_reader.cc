#include "net/message_reader.h"

#include <algorithm>
#include <cstring>

#include "base/check.h"

namespace ebb::net {
namespace {

// An idle connection keeps this much; bodies in chunks are read in big pieces.
constexpr std::size_t kSmallBuffer = 4UL * 1024;
constexpr std::size_t kLargeBuffer = 64UL * 1024;

// RFC 9112 2.2 has a server ignore at least one empty line before a request.
constexpr int kMaxEmptyLines = 4;

Error CutShort() { return Error::Invalid("the connection ended in the middle of a message"); }

}  // namespace

Task<Result<std::size_t>> MessageReader::Fill(std::size_t most) {
  if (begin_ == end_) begin_ = end_ = 0;
  if (begin_ > 0 && end_ == buffer_.size()) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  if (end_ == buffer_.size()) buffer_.resize(std::clamp(buffer_.size() * 2, kSmallBuffer, most));
  EBB_CHECK(end_ < buffer_.size(), "the buffer is full");
  auto count = co_await stream_.Read(std::span(buffer_).subspan(end_));
  if (count) end_ += *count;
  co_return count;
}

Task<Result<bool>> MessageReader::WaitForBytes() {
  if (has_bytes()) co_return true;
  if (buffer_.size() > kSmallBuffer) buffer_ = std::vector<char>(kSmallBuffer);
  auto count = co_await Fill(kSmallBuffer);
  if (!count) co_return Fail(count.error());
  co_return *count > 0;
}

Task<Result<MessageHead*>> MessageReader::ReadHead(std::unique_ptr<HttpParser> parser) {
  EBB_CHECK(ended_, "the previous body has not ended");
  parser_ = std::move(parser);
  std::size_t taken = 0;
  for (int skipped = 0;;) {
    while (taken == 0 && skipped < kMaxEmptyLines && buffered().starts_with("\r\n")) {
      begin_ += 2;
      ++skipped;
    }
    // A single CR may be half of an empty line.
    if (has_bytes() && (taken > 0 || buffered() != "\r")) {
      auto count = parser_->Feed(buffered());
      if (!count) co_return Fail(count.error());
      taken += *count;
      begin_ += *count;
    }
    const bool done = parser_->head_done();
    if (taken + (done ? 0 : end_ - begin_) > max_head_bytes_) {
      co_return Fail(
          Error::Invalid("the header is larger than " + std::to_string(max_head_bytes_) + " bytes")
              .WithCode("HeadersTooLarge"));
    }
    if (done) break;
    auto count = co_await Fill(std::max(kSmallBuffer, max_head_bytes_ + 1));
    if (!count) co_return Fail(count.error());
    if (*count == 0) co_return Fail(CutShort());
  }
  MessageHead& head = parser_->head();
  left_ = head.length;
  ended_ = head.framing == MessageHead::Framing::kLength && left_ == 0;
  co_return &head;
}

Task<Result<std::size_t>> MessageReader::ReadBody(std::span<char> into) {
  if (ended_) co_return 0;
  const MessageHead::Framing framing = parser_->head().framing;
  if (framing == MessageHead::Framing::kChunked) co_return co_await ReadChunked(into);

  const bool sized = framing == MessageHead::Framing::kLength;
  const std::size_t most = sized ? std::min<std::uint64_t>(into.size(), left_) : into.size();
  auto count = co_await ReadPlain(into, most);
  if (!count) co_return Fail(count.error());
  if (*count == 0 && sized) co_return Fail(CutShort());
  if (sized) left_ -= *count;
  ended_ = sized ? left_ == 0 : *count == 0;
  co_return *count;
}

Task<Result<std::size_t>> MessageReader::ReadPlain(std::span<char> into, std::size_t most) {
  // Straight into the caller's memory, which may be larger than our buffer.
  if (!has_bytes()) co_return co_await stream_.Read(into.first(most));
  const std::size_t count = std::min(most, end_ - begin_);
  std::memcpy(into.data(), buffer_.data() + begin_, count);
  begin_ += count;
  co_return count;
}

Task<Result<std::size_t>> MessageReader::ReadChunked(std::span<char> into) {
  parser_->SetSink(into);
  for (;;) {
    if (has_bytes()) {
      auto count = parser_->Feed(buffered());
      if (!count) co_return Fail(count.error());
      begin_ += *count;
      ended_ = parser_->body_done();
      if (parser_->sunk() > 0 || ended_) co_return parser_->sunk();
    }
    if (!has_bytes() && parser_->chunk_left() > 0) {
      // In the middle of a chunk: straight into the caller's memory, as above.
      const std::size_t most = std::min<std::uint64_t>(into.size(), parser_->chunk_left());
      auto count = co_await stream_.Read(into.first(most));
      if (!count) co_return Fail(count.error());
      if (*count == 0) co_return Fail(CutShort());
      auto fed = parser_->Feed({into.data(), *count});
      if (!fed) co_return Fail(fed.error());
      co_return *count;
    }
    if (end_ - begin_ >= kLargeBuffer)
      co_return Fail(Error::Invalid("a chunk's header is too long"));
    auto count = co_await Fill(kLargeBuffer);
    if (!count) co_return Fail(count.error());
    if (*count == 0) co_return Fail(CutShort());
  }
}

std::optional<std::uint64_t> MessageReader::body_left() const {
  if (ended_) return 0;
  if (parser_->head().framing == MessageHead::Framing::kLength) return left_;
  return std::nullopt;
}

}  // namespace ebb::net
