#include "packages/unpack.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>

#include "packages/archive.h"
#include "packages/code_tree.h"

namespace ebb::packages {
namespace {

// Below this no ratio is suspicious: a table of zeros compresses a thousandfold.
constexpr std::int64_t kFreeOfRatio = 10 * 1024 * 1024;

// A sparse file may claim any offset.
std::int64_t EndOf(const Block& block) {
  std::int64_t end = 0;
  const auto size = static_cast<std::int64_t>(block.bytes.size());
  if (block.offset < 0 || __builtin_add_overflow(block.offset, size, &end)) {
    return std::numeric_limits<std::int64_t>::max();
  }
  return end;
}

class Unpacker {
 public:
  Unpacker(Archive archive, CodeTree tree, const UnpackLimits& limits)
      : archive_(std::move(archive)), tree_(std::move(tree)), limits_(limits) {}

  Result<void> Run() {
    while (true) {
      const auto entry = archive_.Next();
      if (!entry) return Fail(entry.error());
      if (!*entry) return tree_.Finish();
      if (auto added = Add(**entry); !added) return added;
    }
  }

 private:
  Result<void> Add(const Entry& entry) {
    // Counted here too: entries for a folder that is there make nothing.
    if (++entries_ > limits_.max_entries) {
      return Fail(BadEntry(
          entry.name, fmt::format("is one too many: at most {} are allowed", limits_.max_entries)));
    }
    const auto path = ParseEntryPath(entry.name);
    if (!path) return Fail(path.error());
    if (entry.encrypted) return Fail(BadEntry(entry.name, "is encrypted"));
    switch (entry.type) {
      case EntryType::kFile:
        return AddFile(entry, *path);
      case EntryType::kFolder:
        return tree_.AddFolder(*path);
      case EntryType::kLink:
        return tree_.AddLink(*path, entry.link_target);
      case EntryType::kHardLink: {
        const auto target = ParseEntryPath(entry.link_target);
        if (!target) {
          return Fail(BadEntry(entry.name, "is a hard link that points out of the package"));
        }
        return tree_.AddHardLink(*path, *target);
      }
      case EntryType::kOther:
        break;
    }
    return Fail(BadEntry(entry.name, "is " + entry.other));
  }

  Result<void> AddFile(const Entry& entry, const EntryPath& path) {
    using Executable = CodeTree::Executable;
    auto file = tree_.AddFile(path, entry.executable ? Executable::kYes : Executable::kNo);
    if (!file) return Fail(file.error());
    const std::int64_t packed_before = archive_.packed_bytes_read();
    std::int64_t end = 0;
    while (true) {
      const auto block = archive_.NextBlock();
      if (!block) return Fail(block.error());
      if (!*block) break;
      end = std::max(end, EndOf(**block));
      const std::int64_t packed = archive_.packed_bytes_read() - packed_before;
      if (auto fits = CheckSize(entry, end, packed); !fits) return fits;
      if (auto written = WriteAt(file->get(), **block, entry.name); !written) return written;
    }
    if (entry.declared_bytes > end) {  // A sparse file that ends with a hole.
      end = entry.declared_bytes;
      if (auto fits = CheckSize(entry, end, 0); !fits) return fits;
      if (ftruncate(file->get(), end) != 0) {
        return Fail(Error::System("unpack " + entry.name, errno));
      }
    }
    bytes_ += end;
    return tree_.CloseFile(path, *std::move(file));
  }

  // Before a byte of it is written: what the archive's own headers say counts for nothing.
  Result<void> CheckSize(const Entry& entry, std::int64_t end, std::int64_t packed) const {
    if (end < 0 || end > limits_.max_bytes - bytes_) {
      return Fail(BadEntry(entry.name, fmt::format("is too large: a package may unpack to at most "
                                                   "{} bytes",
                                                   limits_.max_bytes))
                      .WithCode("EntityTooLarge"));
    }
    if (end > kFreeOfRatio && end / limits_.max_ratio > packed) {
      return Fail(BadEntry(entry.name, fmt::format("unpacks to more than {} times its size in the "
                                                   "package",
                                                   limits_.max_ratio)));
    }
    return {};
  }

  Archive archive_;
  CodeTree tree_;
  UnpackLimits limits_;
  std::int64_t bytes_ = 0;
  std::int64_t entries_ = 0;
};

}  // namespace

Result<void> Unpack(std::string_view bytes, const base::Path& folder, const UnpackLimits& limits) {
  auto archive = Archive::Open(bytes);
  if (!archive) return Fail(archive.error());
  auto tree = CodeTree::Open(folder, limits.max_entries);
  if (!tree) return Fail(tree.error());
  return Unpacker(*std::move(archive), *std::move(tree), limits).Run();
}

}  // namespace ebb::packages
