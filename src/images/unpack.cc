#include "images/unpack.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "packages/archive.h"
#include "packages/entry_path.h"

namespace ebb::images {
namespace {

using packages::Archive;
using packages::Entry;
using packages::EntryType;

constexpr std::string_view kLayer = "image layer";
// The image specification's names for what a layer takes away.
constexpr std::string_view kWhiteout = ".wh.";
constexpr std::string_view kOpaque = ".wh..wh..opq";
constexpr std::string_view kReserved = ".wh..wh.";

// A file's bytes, read as they are needed.
class Mapped {
 public:
  static Result<Mapped> Open(const base::Path& path) {
    const base::Fd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    struct stat status{};
    if (!file.valid() || fstat(file.get(), &status) != 0) {
      return Fail(Error::System("open a layer", errno));
    }
    const auto size = static_cast<std::size_t>(status.st_size);
    void* at = size == 0 ? nullptr : mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.get(), 0);
    if (at == MAP_FAILED) return Fail(Error::System("map a layer", errno));
    if (at != nullptr) madvise(at, size, MADV_SEQUENTIAL);
    return Mapped({static_cast<const char*>(at), size});
  }
  Mapped(Mapped&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}
  Mapped& operator=(Mapped&&) = delete;
  ~Mapped() {
    if (!bytes_.empty()) munmap(const_cast<char*>(bytes_.data()), bytes_.size());
  }
  std::string_view bytes() const { return bytes_; }

 private:
  explicit Mapped(std::string_view bytes) : bytes_(bytes) {}
  std::string_view bytes_;
};

class Unpacker {
 public:
  Unpacker(Archive archive, ImageTree& tree, Room& room)
      : archive_(std::move(archive)), tree_(tree), room_(room) {}

  Result<void> Run() {
    tree_.BeginLayer();
    while (true) {
      const auto entry = archive_.Next();
      if (!entry) return Fail(entry.error());
      if (!*entry) return {};
      if (--room_.entries < 0) return Fail(Bad(**entry, "is one too many for an image"));
      if (auto added = Add(**entry); !added) return added;
    }
  }

 private:
  static Error Bad(const Entry& entry, std::string_view what) {
    return packages::BadEntry(entry.name, what, kLayer);
  }

  Result<void> Add(const Entry& entry) {
    std::string_view name = entry.name;
    while (name.ends_with('/')) name.remove_suffix(1);
    const std::size_t slash = name.rfind('/');
    const std::string folder(slash == std::string_view::npos ? "" : name.substr(0, slash));
    const std::string_view last = slash == std::string_view::npos ? name : name.substr(slash + 1);
    if (last == kOpaque) return tree_.EmptyBelow(folder);
    if (last.starts_with(kReserved)) return {};  // For aufs's own use.
    if (last.starts_with(kWhiteout)) {
      const std::string hidden(last.substr(kWhiteout.size()));
      if (hidden.empty() || hidden == "." || hidden == "..") {
        return Fail(Bad(entry, "takes nothing away"));
      }
      return tree_.RemoveBelow(folder.empty() ? hidden : folder + "/" + hidden);
    }
    switch (entry.type) {
      case EntryType::kFile:
        return AddFile(entry);
      case EntryType::kFolder:
        return tree_.AddFolder(entry.name);
      case EntryType::kLink:
        return tree_.AddLink(entry.name, entry.link_target);
      case EntryType::kHardLink:
        return tree_.AddHardLink(entry.name, entry.link_target);
      case EntryType::kOther:
        return {};
    }
    return {};
  }

  Result<void> AddFile(const Entry& entry) {
    using Executable = ImageTree::Executable;
    auto file = tree_.AddFile(entry.name, entry.executable ? Executable::kYes : Executable::kNo);
    if (!file) return Fail(file.error());
    std::int64_t end = 0;
    while (true) {
      const auto block = archive_.NextBlock();
      if (!block) return Fail(block.error());
      if (!*block) break;
      // In this order: a sparse file may claim any offset.
      const std::int64_t offset = (*block)->offset;
      const auto size = static_cast<std::int64_t>((*block)->bytes.size());
      if (offset < 0 || offset > room_.bytes || size > room_.bytes - offset) {
        return Fail(TooLarge(entry));
      }
      end = std::max(end, offset + size);
      if (auto written = packages::WriteAt(file->get(), **block, "an image"); !written)
        return written;
    }
    if (entry.declared_bytes > end) {  // A sparse file that ends with a hole.
      end = entry.declared_bytes;
      if (end > room_.bytes) return Fail(TooLarge(entry));
      if (ftruncate(file->get(), end) != 0) return Fail(Error::System("unpack", errno));
    }
    room_.bytes -= end;
    return {};
  }

  static Error TooLarge(const Entry& entry) {
    return Bad(entry, "makes the image larger than is allowed");
  }

  Archive archive_;
  ImageTree& tree_;
  Room& room_;
};

}  // namespace

Result<void> UnpackLayer(const base::Path& layer, ImageTree& tree, Room& room) {
  auto mapped = Mapped::Open(layer);
  if (!mapped) return Fail(mapped.error());
  auto archive = Archive::Open(mapped->bytes(), kLayer);
  if (!archive) return Fail(archive.error());
  return Unpacker(*std::move(archive), tree, room).Run();
}

}  // namespace ebb::images
