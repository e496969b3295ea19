#include "images/image_tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <vector>

#include "packages/entry_path.h"

namespace ebb::images {
namespace {

constexpr std::string_view kLayer = "image layer";
constexpr int kMaxDepth = 500;  // Deeper folders are no image's, and would use up the stack.

Error Bad(std::string_view path, std::string_view what) {
  return packages::BadEntry(path, what, kLayer);
}

Error Trouble(std::string_view path, int number) {
  switch (number) {
    case ENOTDIR:
    case ELOOP:
    case EXDEV:
      return Bad(path, "lies behind a file or a link that leads nowhere");
    case ENAMETOOLONG:
      return Bad(path, "has too long a name");
    default:
      return Error::System("unpack " + std::string(path), number);
  }
}

Result<std::string> Clean(std::string_view path) {
  while (path.starts_with('/')) path.remove_prefix(1);
  if (path.empty()) return std::string();
  auto parsed = packages::ParseEntryPath(path);
  if (!parsed) return Fail(Bad(path, "has no path that can be unpacked"));
  return parsed->empty() ? std::string() : packages::FormatEntryPath(*parsed);
}

base::Fd OpenInRoot(int root, const std::string& path) {
  open_how how{};
  how.flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
  how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
  return base::Fd(static_cast<int>(
      syscall(SYS_openat2, root, path.empty() ? "." : path.c_str(), &how, sizeof how)));
}

base::Fd OpenNoLink(int folder, const std::string& name) {
  return base::Fd(openat(folder, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

Result<std::vector<std::string>> NamesIn(int folder) {
  const int copy = fcntl(folder, F_DUPFD_CLOEXEC, 0);
  DIR* stream = copy < 0 ? nullptr : fdopendir(copy);
  if (stream == nullptr) {
    const int why = errno;
    if (copy >= 0) close(copy);
    return Fail(Error::System("read a folder of an image", why));
  }
  const std::unique_ptr<DIR, int (*)(DIR*)> closes(stream, closedir);
  rewinddir(stream);  // The copy shares the position of the original.
  std::vector<std::string> names;
  while (const dirent* entry = readdir(stream)) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  return names;
}

std::string Join(const std::string& folder, const std::string& name) {
  return folder.empty() ? name : folder + "/" + name;
}

}  // namespace

Result<ImageTree> ImageTree::Open(const base::Path& folder) {
  base::Fd root(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!root.valid() || fchmod(root.get(), 0777) != 0) {
    return Fail(Error::System("open the folder for an image", errno));
  }
  return ImageTree(std::move(root));
}

void ImageTree::BeginLayer() { added_.clear(); }

Result<base::Fd> ImageTree::OpenFolder(const std::string& path, Missing missing) {
  base::Fd folder = OpenInRoot(root_.get(), path);
  if (folder.valid()) return folder;
  if (errno != ENOENT) return Fail(Trouble(path, errno));
  if (missing == Missing::kLeave) return Fail(Error::NotFound(path + " is not there"));
  const std::size_t slash = path.rfind('/');
  const std::string above = slash == std::string::npos ? "" : path.substr(0, slash);
  auto parent = OpenFolder(above, missing);
  if (!parent) return parent;
  const std::string name = slash == std::string::npos ? path : path.substr(slash + 1);
  if (mkdirat(parent->get(), name.c_str(), 0777) != 0) return Fail(Trouble(path, errno));
  folder = OpenNoLink(parent->get(), name);
  if (!folder.valid() || fchmod(folder.get(), 0777) != 0) return Fail(Trouble(path, errno));
  return folder;
}

Result<ImageTree::Place> ImageTree::Find(const std::string& path, Missing missing) {
  auto clean = Clean(path);
  if (!clean) return Fail(clean.error());
  if (clean->empty()) return Place{base::Fd(), "", ""};
  const std::size_t slash = clean->rfind('/');
  const std::string above = slash == std::string::npos ? "" : clean->substr(0, slash);
  auto folder = OpenFolder(above, missing);
  if (!folder) return Fail(folder.error());
  std::string name = slash == std::string::npos ? *clean : clean->substr(slash + 1);
  return Place{*std::move(folder), std::move(name), *std::move(clean)};
}

// Removes what is at `place`, whatever it is.
Result<void> ImageTree::Clear(const Place& place) {
  if (place.name.empty()) return Fail(Bad("/", "stands for the whole image"));
  if (unlinkat(place.folder.get(), place.name.c_str(), 0) == 0 || errno == ENOENT) return {};
  if (errno != EISDIR && errno != EPERM) return Fail(Trouble(place.path, errno));
  auto before = std::move(added_);
  added_.clear();  // A file in a folder's place takes all of it.
  auto removed = RemoveOld(place.folder.get(), place.name, place.path);
  added_ = std::move(before);
  if (!removed) return Fail(removed.error());
  return {};
}

Result<void> ImageTree::AddFolder(const std::string& path) {
  auto place = Find(path, Missing::kMake);
  if (!place) return Fail(place.error());
  if (place->name.empty()) return {};
  base::Fd folder = OpenNoLink(place->folder.get(), place->name);
  if (!folder.valid()) {
    if (auto cleared = Clear(*place); !cleared) return cleared;
    if (mkdirat(place->folder.get(), place->name.c_str(), 0777) != 0) {
      return Fail(Trouble(place->path, errno));
    }
    folder = OpenNoLink(place->folder.get(), place->name);
  }
  if (!folder.valid() || fchmod(folder.get(), 0777) != 0) return Fail(Trouble(place->path, errno));
  added_.insert(place->path);
  return {};
}

Result<base::Fd> ImageTree::AddFile(const std::string& path, Executable executable) {
  auto place = Find(path, Missing::kMake);
  if (!place) return Fail(place.error());
  if (auto cleared = Clear(*place); !cleared) return Fail(cleared.error());
  base::Fd file(openat(place->folder.get(), place->name.c_str(),
                       O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file.valid() || fchmod(file.get(), executable == Executable::kYes ? 0777 : 0666) != 0) {
    return Fail(Trouble(place->path, errno));
  }
  added_.insert(place->path);
  return file;
}

Result<void> ImageTree::AddLink(const std::string& path, const std::string& target) {
  auto place = Find(path, Missing::kMake);
  if (!place) return Fail(place.error());
  if (auto cleared = Clear(*place); !cleared) return cleared;
  if (symlinkat(target.c_str(), place->folder.get(), place->name.c_str()) != 0) {
    return Fail(Trouble(place->path, errno));
  }
  added_.insert(place->path);
  return {};
}

Result<void> ImageTree::AddHardLink(const std::string& path, const std::string& existing) {
  auto from = Find(existing, Missing::kLeave);
  if (!from) return Fail(Bad(path, "is a hard link to " + existing + ", which is not there"));
  auto place = Find(path, Missing::kMake);
  if (!place) return Fail(place.error());
  if (from->path == place->path) return {};  // To itself: removing it first would lose it.
  if (auto cleared = Clear(*place); !cleared) return cleared;
  if (linkat(from->folder.get(), from->name.c_str(), place->folder.get(), place->name.c_str(), 0) !=
      0) {
    if (errno == ENOENT || errno == EPERM) {
      return Fail(Bad(path, "is a hard link to " + existing + ", which is no file"));
    }
    return Fail(Trouble(place->path, errno));
  }
  added_.insert(place->path);
  return {};
}

Result<bool> ImageTree::EmptyOld(int folder, const std::string& path) {
  auto names = NamesIn(folder);
  if (!names) return Fail(names.error());
  bool empty = true;
  for (const std::string& name : *names) {
    auto gone = RemoveOld(folder, name, Join(path, name));
    if (!gone) return gone;
    empty = empty && *gone;
  }
  return empty;
}

Result<bool> ImageTree::RemoveOld(int folder, const std::string& name, const std::string& path) {
  const bool ours = added_.contains(path);
  if (!ours && (unlinkat(folder, name.c_str(), 0) == 0 || errno == ENOENT)) return true;
  if (std::ranges::count(path, '/') > kMaxDepth) return Fail(Bad(path, "lies too deep"));
  const base::Fd inside = OpenNoLink(folder, name);
  if (!inside.valid()) {
    if (ours) return false;  // A file of this layer.
    return Fail(Trouble(path, errno));
  }
  auto empty = EmptyOld(inside.get(), path);
  if (!empty) return empty;
  if (ours || !*empty) return false;
  if (unlinkat(folder, name.c_str(), AT_REMOVEDIR) != 0) return Fail(Trouble(path, errno));
  return true;
}

Result<void> ImageTree::RemoveBelow(const std::string& path) {
  auto place = Find(path, Missing::kLeave);
  if (!place) {
    // A whiteout of what was never there takes nothing away.
    if (place.error().kind() == ErrorKind::kNotFound) return {};
    return Fail(place.error());
  }
  if (place->name.empty()) return Fail(Bad(path, "takes away the whole image"));
  auto removed = RemoveOld(place->folder.get(), place->name, place->path);
  if (!removed) return Fail(removed.error());
  return {};
}

Result<void> ImageTree::EmptyBelow(const std::string& folder) {
  auto clean = Clean(folder);
  if (!clean) return Fail(clean.error());
  auto opened = OpenFolder(*clean, Missing::kMake);
  if (!opened) return Fail(opened.error());
  auto emptied = EmptyOld(opened->get(), *clean);
  if (!emptied) return Fail(emptied.error());
  return {};
}

Result<void> ImageTree::Sync() {
  if (syncfs(root_.get()) == 0) return {};
  return Fail(Error::System("sync an image", errno));
}

}  // namespace ebb::images
