#include "buckets/chunked_body.h"

#include <algorithm>
#include <charconv>
#include <cstring>

#include "base/encoding.h"

namespace ebb::buckets {
namespace {

constexpr std::size_t kBufferBytes = 64 << 10;
constexpr std::size_t kMaxLineBytes = 4096;
constexpr std::size_t kMaxTrailers = 20;

std::unexpected<Error> Incomplete() {
  return Fail(Error::Invalid("You did not provide the number of bytes specified by the "
                             "x-amz-decoded-content-length header, or its chunks are broken.")
                  .WithCode("IncompleteBody"));
}

std::unexpected<Error> BadTrailer(std::string message) {
  return Fail(Error::Invalid(std::move(message)).WithCode("MalformedTrailerError"));
}

std::unexpected<Error> BadSignature(std::string what) {
  return Fail(
      Error::Denied("The signature of a " + what + " does not match the one that we calculated.")
          .WithCode("SignatureDoesNotMatch"));
}

}  // namespace

ChunkedBody::ChunkedBody(net::Body& inner, std::optional<ChunkSigner> signer, Ending ending,
                         std::uint64_t length)
    : inner_(inner),
      signer_(std::move(signer)),
      ending_(ending),
      length_(length),
      digest_(base::DigestKind::kSha256) {}

Task<Result<std::size_t>> ChunkedBody::Read(std::span<char> into) {
  while (stage_ == Stage::kBetweenChunks) {
    if (auto begun = co_await BeginChunk(); !begun) co_return Fail(begun.error());
  }
  if (stage_ == Stage::kDone || into.empty()) co_return 0;

  std::size_t n = static_cast<std::size_t>(std::min<std::uint64_t>(into.size(), left_in_chunk_));
  if (at_ < buffer_.size()) {
    n = std::min(n, buffer_.size() - at_);
    std::memcpy(into.data(), buffer_.data() + at_, n);
    at_ += n;
  } else {
    auto read = co_await inner_.Read(into.first(n));
    if (!read) co_return Fail(read.error());
    if (*read == 0) co_return Incomplete();
    n = *read;
  }
  left_in_chunk_ -= n;
  handed_out_ += n;
  if (handed_out_ > length_) co_return Incomplete();
  if (signer_) digest_.Update({into.data(), n});
  if (left_in_chunk_ == 0) {
    if (auto ended = co_await EndChunk(); !ended) co_return Fail(ended.error());
  }
  co_return n;
}

Task<Result<bool>> ChunkedBody::More() {
  buffer_.erase(0, at_);
  at_ = 0;
  const std::size_t had = buffer_.size();
  buffer_.resize(had + kBufferBytes);
  auto n = co_await inner_.Read({buffer_.data() + had, kBufferBytes});
  buffer_.resize(had + n.value_or(0));
  if (!n) co_return Fail(n.error());
  co_return *n > 0;
}

Task<Result<std::string>> ChunkedBody::Line() {
  while (true) {
    const auto end = buffer_.find("\r\n", at_);
    if (end != std::string::npos) {
      std::string line = buffer_.substr(at_, end - at_);
      at_ = end + 2;
      co_return line;
    }
    if (buffer_.size() - at_ > kMaxLineBytes) co_return Incomplete();
    auto more = co_await More();
    if (!more) co_return Fail(more.error());
    if (!*more) co_return Incomplete();
  }
}

Task<Result<void>> ChunkedBody::BeginChunk() {
  auto line = co_await Line();
  if (!line) co_return Fail(line.error());
  const auto semicolon = line->find(';');
  const std::string size = line->substr(0, semicolon);
  const auto parsed = std::from_chars(size.data(), size.data() + size.size(), left_in_chunk_, 16);
  if (parsed.ec != std::errc() || parsed.ptr != size.data() + size.size()) co_return Incomplete();
  chunk_signature_.clear();
  if (signer_) {
    constexpr std::string_view kName = "chunk-signature=";
    const auto at = line->find(kName);
    if (at == std::string::npos) co_return BadSignature("chunk");
    chunk_signature_ = line->substr(at + kName.size());
    digest_ = base::Digest(base::DigestKind::kSha256);
  }
  stage_ = Stage::kInChunk;
  if (left_in_chunk_ == 0) co_return co_await End();
  co_return Result<void>{};
}

Result<void> ChunkedBody::CheckChunk() {
  if (!signer_) return {};
  const std::string expected = signer_->NextChunk(base::FormatHex(digest_.Finish()));
  if (!base::EqualConstantTime(expected, chunk_signature_)) return BadSignature("chunk");
  return {};
}

Task<Result<void>> ChunkedBody::EndChunk() {
  auto rest = co_await Line();
  if (!rest) co_return Fail(rest.error());
  if (!rest->empty()) co_return Incomplete();
  stage_ = Stage::kBetweenChunks;
  co_return CheckChunk();
}

Task<Result<void>> ChunkedBody::End() {
  if (auto good = CheckChunk(); !good) co_return good;
  if (handed_out_ != length_) co_return Incomplete();
  if (ending_ == Ending::kTrailers) {
    if (auto read = co_await ReadTrailers(); !read) co_return read;
  } else {
    auto empty = co_await Line();
    if (!empty) co_return Fail(empty.error());
  }
  stage_ = Stage::kDone;
  co_return Result<void>{};
}

Task<Result<void>> ChunkedBody::ReadTrailers() {
  std::string signed_text;
  std::string signature;
  while (true) {
    auto line = co_await Line();
    if (!line) co_return Fail(line.error());
    if (line->empty()) break;
    const auto colon = line->find(':');
    if (colon == std::string::npos || trailers_.size() == kMaxTrailers) {
      co_return BadTrailer("The trailing headers cannot be understood.");
    }
    std::string name = line->substr(0, colon);
    for (char& c : name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    std::string value = line->substr(colon + 1);
    value.erase(0, value.find_first_not_of(' '));
    // Some signers end the signed lines with "\n" alone, so that it is a part of the value.
    while (value.ends_with('\n') || value.ends_with(' ')) value.pop_back();
    if (name == "x-amz-trailer-signature") {
      signature = value;
      // The line before the signature may be followed by an empty one on the wire: S3 ends here.
      continue;
    }
    signed_text.append(name).append(":").append(value).append("\n");
    trailers_[name] = value;
  }
  if (!signer_) co_return Result<void>{};
  if (!base::EqualConstantTime(signer_->Trailer(base::Sha256Hex(signed_text)), signature)) {
    co_return BadSignature("trailer");
  }
  co_return Result<void>{};
}

}  // namespace ebb::buckets
