#include "buckets/open_object.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace ebb::buckets {
namespace {

// Reads a piece at a time into memory of its own, for a hop to the pool costs more than a copy.
class FileBody : public net::Body {
 public:
  FileBody(std::shared_ptr<const OpenContent> content, const ObjectFiles& files,
           net::BlockingPool& pool, std::uint64_t offset, std::uint64_t count,
           std::size_t piece_bytes)
      : content_(std::move(content)),
        files_(files),
        pool_(pool),
        offset_(offset),
        left_(count),
        count_(count),
        capacity_(static_cast<std::size_t>(std::min<std::uint64_t>(piece_bytes, count))) {}

  std::optional<std::uint64_t> length() const override { return count_; }

  Task<Result<std::size_t>> Read(std::span<char> into) override {
    if (begin_ == end_) {
      if (left_ == 0) co_return 0;
      auto loaded = co_await pool_.Run([this] { return Load(); });
      if (!loaded) co_return Fail(loaded.error());
    }
    const std::size_t n = std::min(into.size(), end_ - begin_);
    std::memcpy(into.data(), piece_.get() + begin_, n);
    begin_ += n;
    co_return n;
  }

 private:
  // Fills `piece_` from the file that holds `offset_`.  On the pool.
  Result<void> Load() {
    // Not sooner: of the answer to a HEAD nobody reads the body.
    if (!piece_) piece_ = std::make_unique_for_overwrite<char[]>(capacity_);
    if (auto opened = OpenAtOffset(); !opened) return opened;
    const auto& file = content_->files[file_];
    const std::uint64_t within = offset_ - file_start_;
    const auto want =
        static_cast<std::size_t>(std::min<std::uint64_t>({capacity_, left_, file.bytes - within}));
    begin_ = end_ = 0;
    while (end_ < want) {
      const ssize_t n =
          pread(fd_.get(), piece_.get() + end_, want - end_, static_cast<off_t>(within + end_));
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return Fail(DiskError("read " + file.name, errno));
      if (n == 0) return Fail(DiskError("read " + file.name + ": too short", EIO));
      end_ += static_cast<std::size_t>(n);
    }
    offset_ += want;
    left_ -= want;
    return {};
  }

  Result<void> OpenAtOffset() {
    while (offset_ - file_start_ >= content_->files[file_].bytes) {
      file_start_ += content_->files[file_].bytes;
      ++file_;
      fd_.Reset();
    }
    if (fd_.valid()) return {};
    auto fd = files_.OpenForReading(content_->files[file_].name);
    if (!fd) return Fail(fd.error());
    fd_ = std::move(*fd);
    return {};
  }

  std::shared_ptr<const OpenContent> content_;
  const ObjectFiles& files_;
  net::BlockingPool& pool_;
  std::uint64_t offset_;
  std::uint64_t left_;  // Not yet in `piece_`.
  const std::uint64_t count_;
  std::size_t file_ = 0;  // Index into content_->files; `file_start_` is its place in the object.
  std::uint64_t file_start_ = 0;
  base::Fd fd_;
  std::size_t capacity_;
  std::unique_ptr<char[]> piece_;
  std::size_t begin_ = 0;  // [begin_, end_) of `piece_` has not been handed out.
  std::size_t end_ = 0;
};

}  // namespace

OpenFiles::OpenFiles(OpenContent content, const ObjectFiles& files, net::BlockingPool& pool,
                     std::size_t piece_bytes)
    : content_(std::make_shared<const OpenContent>(std::move(content))),
      files_(files),
      pool_(pool),
      piece_bytes_(piece_bytes) {}

std::unique_ptr<net::Body> OpenFiles::Read(std::uint64_t offset, std::uint64_t count) {
  return std::make_unique<FileBody>(content_, files_, pool_, offset, count, piece_bytes_);
}

}  // namespace ebb::buckets
