#include "net/message_writer.h"

#include <algorithm>
#include <array>
#include <boost/beast/http/status.hpp>
#include <cstdio>
#include <cstring>
#include <vector>

#include "base/log.h"

namespace ebb::net {
namespace {

constexpr std::size_t kPiece = 64UL * 1024;       // Read from a body and written at once.
constexpr std::size_t kTextPiece = 256UL * 1024;  // Written under one deadline.
constexpr std::size_t kChunkHead = 10;            // "ffffffff\r\n" at most.

bool IsTokenCharacter(char c) {
  if (c >= '0' && c <= '9') return true;
  if ((c | 32) >= 'a' && (c | 32) <= 'z') return true;
  return c != '\0' && std::strchr("!#$%&'*+-.^_`|~", c) != nullptr;
}

bool IsLegal(std::string_view name, std::string_view value) {
  return !name.empty() && std::ranges::all_of(name, IsTokenCharacter) &&
         std::ranges::none_of(value, [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
}

bool EqualsLower(std::string_view name, std::string_view lower) {
  return name.size() == lower.size() &&
         std::ranges::equal(name, lower, {}, [](char c) { return static_cast<char>(c | 32); });
}

// Said by the sender alone.  ('-' survives `c | 32`.)
bool BelongsToConnection(std::string_view name) {
  return EqualsLower(name, "connection") || EqualsLower(name, "content-length") ||
         EqualsLower(name, "transfer-encoding") || EqualsLower(name, "keep-alive");
}

void AppendFields(std::string& out, const Headers& headers) {
  for (const auto& [name, value] : headers) {
    if (BelongsToConnection(name)) continue;
    if (!IsLegal(name, value)) {
      log::Warn("illegal header field left out", {{"size", name.size() + value.size()}});
      continue;
    }
    out.append(name).append(": ").append(value).append("\r\n");
  }
}

void AppendFraming(std::string& out, BodyFraming framing) {
  using enum BodyFraming::Kind;
  if (framing.kind == kLength || framing.kind == kAnnounced) {
    out.append("Content-Length: ").append(std::to_string(framing.length)).append("\r\n");
  } else if (framing.kind == kChunked) {
    out.append("Transfer-Encoding: chunked\r\n");
  }
}

Task<Result<void>> WriteOne(Stream& stream, std::string_view first, std::string_view second,
                            Silence silence) {
  if (silence) stream.SetDeadline(Deadline(std::chrono::steady_clock::now() + *silence));
  auto written = co_await stream.Write(first, second);
  if (silence) stream.SetDeadline(Deadline::Never());
  co_return written;
}

Task<Result<void>> WriteSized(Stream& stream, std::string head, Body& body, BodyFraming framing,
                              Silence silence) {
  const bool sized = framing.kind == BodyFraming::Kind::kLength;
  std::uint64_t left = framing.length;
  std::vector<char> piece(sized ? std::min<std::uint64_t>(kPiece, left) : kPiece);
  if (!sized) {
    // Who waits for a stream wants to see that it has begun.
    auto written = co_await WriteOne(stream, head, {}, silence);
    if (!written) co_return written;
    head.clear();
  }
  while (!sized || left > 0) {
    auto count = co_await body.Read(piece);
    if (!count) co_return Fail(count.error());
    if (*count == 0 && !sized) break;
    if (sized && (*count == 0 || *count > left)) {
      co_return Fail(Error::Internal("a body did not have its own length"));
    }
    // The first piece goes out with the head.
    auto written = co_await WriteOne(stream, head, {piece.data(), *count}, silence);
    if (!written) co_return written;
    head.clear();
    left -= *count;
  }
  co_return Result<void>();
}

Task<Result<void>> WriteChunked(Stream& stream, std::string head, Body& body, Silence silence) {
  auto written = co_await WriteOne(stream, head, {}, silence);
  std::vector<char> piece(kChunkHead + kPiece + 2);
  while (written) {
    auto count = co_await body.Read(std::span(piece).subspan(kChunkHead, kPiece));
    if (!count) co_return Fail(count.error());
    if (*count == 0) co_return co_await WriteOne(stream, "0\r\n\r\n", {}, silence);
    // The chunk's head goes right in front of its bytes, so that one write takes all.
    std::array<char, kChunkHead + 1> size{};
    const int digits = std::snprintf(size.data(), size.size(), "%zx\r\n", *count);
    char* const bytes = piece.data() + kChunkHead;
    std::memcpy(bytes - digits, size.data(), static_cast<std::size_t>(digits));
    bytes[*count] = '\r';
    bytes[*count + 1] = '\n';
    const std::string_view chunk(bytes - digits, static_cast<std::size_t>(digits) + *count + 2);
    written = co_await WriteOne(stream, chunk, {}, silence);
  }
  co_return written;
}

}  // namespace

std::string FormatResponseHead(int status, const Headers& headers, BodyFraming framing,
                               ConnectionWord connection, std::string_view date) {
  std::string out;
  out.reserve(512);
  const auto reason = boost::beast::http::obsolete_reason(
      boost::beast::http::int_to_status(static_cast<unsigned>(status)));
  out.append("HTTP/1.1 ").append(std::to_string(status)).append(" ");
  out.append(reason.data(), reason.size()).append("\r\n");
  if (!headers.Has("date")) out.append("Date: ").append(date).append("\r\n");
  AppendFields(out, headers);
  AppendFraming(out, framing);
  if (connection == ConnectionWord::kClose) out.append("Connection: close\r\n");
  if (connection == ConnectionWord::kKeepAlive) out.append("Connection: keep-alive\r\n");
  return out.append("\r\n");
}

std::string FormatRequestHead(std::string_view method, std::string_view target,
                              const Headers& headers, BodyFraming framing) {
  std::string out;
  out.reserve(512);
  out.append(method).append(" ").append(target).append(" HTTP/1.1\r\n");
  AppendFields(out, headers);
  AppendFraming(out, framing);
  return out.append("\r\n");
}

Task<Result<void>> WriteMessage(Stream& stream, std::string head, Body& body, BodyFraming framing,
                                Silence silence) {
  switch (framing.kind) {
    case BodyFraming::Kind::kNone:
    case BodyFraming::Kind::kAnnounced:
      co_return co_await WriteOne(stream, head, {}, silence);
    case BodyFraming::Kind::kChunked:
      co_return co_await WriteChunked(stream, std::move(head), body, silence);
    case BodyFraming::Kind::kLength:
      if (framing.length == 0) co_return co_await WriteOne(stream, head, {}, silence);
      [[fallthrough]];
    case BodyFraming::Kind::kUntilClose:
      co_return co_await WriteSized(stream, std::move(head), body, framing, silence);
  }
}

Task<Result<void>> WriteText(Stream& stream, std::string head, std::string_view body,
                             Silence silence) {
  std::string_view first = head;
  for (;;) {
    const std::string_view piece = body.substr(0, kTextPiece);
    body.remove_prefix(piece.size());
    auto written = co_await WriteOne(stream, first, piece, silence);
    if (!written || body.empty()) co_return written;
    first = {};
  }
}

}  // namespace ebb::net
