// How a body becomes a file: read in pieces, hashed, checked, written and fsynced.
#include <algorithm>

#include "buckets/object_store_state.h"

namespace ebb::buckets {
namespace {

// How much of a body is read before the first hop to the pool.  One more than its length, so that a
// small body's end is found in the same piece.
std::size_t PieceBytes(const net::Body& body, std::size_t most) {
  const auto length = body.length();
  if (!length || *length >= most) return most;
  return static_cast<std::size_t>(*length) + 1;
}

// Reads until `into` is full or the body ends, whichever is first.
Task<Result<std::size_t>> Fill(net::Body& body, std::span<char> into) {
  std::size_t filled = 0;
  while (filled < into.size()) {
    auto n = co_await body.Read(into.subspan(filled));
    if (!n) co_return Fail(n.error());
    if (*n == 0) break;
    filled += *n;
  }
  co_return filled;
}

Error TooLarge() {
  return Error::Invalid("Your proposed upload exceeds the maximum allowed object size.")
      .WithCode("EntityTooLarge");
}

// The part of an intake that runs on the pool: everything that touches the disk or hashes.
class Intake {
 public:
  Intake(const ObjectFiles& files, std::string name, Incoming incoming)
      : files_(files),
        name_(std::move(name)),
        digests_(incoming.wanted),
        check_(std::move(incoming.check)) {}

  Result<void> Add(std::string_view piece) {
    if (!created_) {
      auto file = files_.Create(name_);
      if (!file) return Fail(file.error());
      content_.file = std::move(*file);
      created_ = true;
    }
    digests_.Update(piece);
    return files_.Write(content_.file, piece);
  }

  // Gigabytes of dirty pages would make the fsync at the end long, and everybody else's with it.
  void BeginSync() { files_.BeginSync(content_.file); }

  Result<void> Finish() {
    content_.digests = digests_.Finish();
    if (check_) {
      auto checksum = check_(content_.digests);
      if (!checksum) return Fail(checksum.error());
      content_.checksum = std::move(*checksum);
    }
    return files_.Sync(content_.file);
  }

  NewContent Take() { return std::move(content_); }

 private:
  const ObjectFiles& files_;
  std::string name_;
  DigestSet digests_;
  std::function<Result<std::optional<Checksum>>(const Digests&)> check_;
  NewContent content_;
  bool created_ = false;
};

}  // namespace

Task<Result<NewContent>> ObjectStore::State::TakeIn(net::Body& body, Incoming incoming) {
  if (body.length().value_or(0) > config.max_put_bytes) co_return Fail(TooLarge());
  Intake intake(files, MakeFileName(use.random), std::move(incoming));
  const std::size_t capacity = PieceBytes(body, config.piece_bytes);
  const auto piece = std::make_unique_for_overwrite<char[]>(capacity);
  std::uint64_t taken = 0;
  for (bool ended = false; !ended;) {
    auto filled = co_await Fill(body, {piece.get(), capacity});
    if (!filled) co_return Fail(filled.error());
    ended = *filled < capacity;
    taken += *filled;
    if (taken > config.max_put_bytes) co_return Fail(TooLarge());
    const std::string_view bytes(piece.get(), *filled);
    auto done = co_await use.pool.Run([&intake, bytes, ended]() -> Result<void> {
      if (auto added = intake.Add(bytes); !added) return added;
      if (ended) return intake.Finish();
      intake.BeginSync();
      return {};
    });
    if (!done) co_return Fail(done.error());
  }
  co_return intake.Take();
}

}  // namespace ebb::buckets
