#include "packages/code_tree.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace ebb::packages {
namespace {

// A package of this many entries is put on disk file by file; a larger one by one syncfs, which is
// faster than thousands of fsyncs but also waits for what others are writing.
constexpr std::int64_t kMostSyncedOneByOne = 256;

Error Trouble(const EntryPath& path, int number) {
  const std::string name = FormatEntryPath(path);
  switch (number) {
    case EEXIST:
      return BadEntry(name, "is there twice");
    case ENOTDIR:
    case ELOOP:
      return BadEntry(name, "lies behind a link or a file, not in a folder");
    case EISDIR:
      return BadEntry(name, "is a folder and something else at once");
    case ENAMETOOLONG:
      return BadEntry(name, "has too long a name");
    default:
      return Error::System("unpack " + name, number);
  }
}

std::unexpected<Error> Refuse(const EntryPath& path) { return Fail(Trouble(path, errno)); }

base::Fd OpenFolderIn(int folder, const std::string& name) {
  return base::Fd(openat(folder, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

}  // namespace

Result<CodeTree> CodeTree::Open(const base::Path& folder, std::int64_t max_made) {
  base::Fd root(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!root.valid() || fchmod(root.get(), 0755) != 0) {
    return Fail(Error::System("open the folder for the code", errno));
  }
  return CodeTree(std::move(root), max_made);
}

Result<void> CodeTree::CountOne(const EntryPath& path) {
  if (++made_ <= max_made_) return {};
  return Fail(BadEntry(
      FormatEntryPath(path),
      "is one too many: at most " + std::to_string(max_made_) + " files and folders are allowed"));
}

// Opens part `depth` of `path` in `folder`, and makes it if it is not there.
Result<base::Fd> CodeTree::StepInto(int folder, const EntryPath& path, std::size_t depth) {
  const std::string& name = path[depth];
  base::Fd next = OpenFolderIn(folder, name);
  if (next.valid()) return next;
  if (errno != ENOENT) return Refuse(path);
  if (auto counted = CountOne(path); !counted) return Fail(counted.error());
  if (mkdirat(folder, name.c_str(), 0755) != 0) return Refuse(path);
  next = OpenFolderIn(folder, name);
  // The mode once more, without the server's umask.
  if (!next.valid() || fchmod(next.get(), 0755) != 0) return Refuse(path);
  folders_.emplace_back(path.begin(), path.begin() + static_cast<std::ptrdiff_t>(depth) + 1);
  return next;
}

// Borrowed until the next call.
Result<int> CodeTree::ParentOf(const EntryPath& path) {
  const std::size_t depth = path.size() - 1;
  const EntryPath wanted(path.begin(), path.begin() + static_cast<std::ptrdiff_t>(depth));
  if (wanted.empty()) return root_.get();
  if (parent_.valid() && parent_path_ == wanted) return parent_.get();
  base::Fd current;
  for (std::size_t i = 0; i < depth; ++i) {
    auto next = StepInto(current.valid() ? current.get() : root_.get(), path, i);
    if (!next) return Fail(next.error());
    current = *std::move(next);
  }
  parent_ = std::move(current);
  parent_path_ = wanted;
  return parent_.get();
}

Result<void> CodeTree::AddFolder(const EntryPath& path) {
  if (path.empty()) return {};  // "./" in a tar.
  const auto parent = ParentOf(path);
  if (!parent) return Fail(parent.error());
  auto made = StepInto(*parent, path, path.size() - 1);
  if (!made) return Fail(made.error());
  return {};
}

Result<base::Fd> CodeTree::AddFile(const EntryPath& path, Executable executable) {
  if (path.empty()) return Fail(Trouble(path, EISDIR));
  const auto parent = ParentOf(path);
  if (!parent) return Fail(parent.error());
  if (auto counted = CountOne(path); !counted) return Fail(counted.error());
  base::Fd file(openat(*parent, path.back().c_str(),
                       O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file.valid()) return Refuse(path);
  if (fchmod(file.get(), executable == Executable::kYes ? 0755 : 0644) != 0) return Refuse(path);
  return file;
}

Result<void> CodeTree::CloseFile(const EntryPath& path, base::Fd file) {
  if (!SyncsAllAtOnce() && fsync(file.get()) != 0) return Refuse(path);
  // Some file systems report a full disk only here.
  if (close(file.Release()) != 0) return Refuse(path);
  return {};
}

Result<void> CodeTree::AddLink(const EntryPath& path, const std::string& target) {
  if (path.empty()) return Fail(Trouble(path, EISDIR));
  if (target.empty() || target.find('\0') != std::string::npos) {
    return Fail(BadEntry(FormatEntryPath(path), "is a link to nothing"));
  }
  if (PointsOut(path, target)) {
    return Fail(BadEntry(FormatEntryPath(path), "is a link that points out of the package"));
  }
  const auto parent = ParentOf(path);
  if (!parent) return Fail(parent.error());
  if (auto counted = CountOne(path); !counted) return counted;
  if (symlinkat(target.c_str(), *parent, path.back().c_str()) != 0) return Refuse(path);
  links_.push_back(path);
  return {};
}

Result<void> CodeTree::AddHardLink(const EntryPath& path, const EntryPath& existing) {
  if (path.empty()) return Fail(Trouble(path, EISDIR));
  const Error no_such_file =
      BadEntry(FormatEntryPath(path), "is a hard link to " + FormatEntryPath(existing) +
                                          ", which is no file that comes before it in the package");
  base::Fd from;  // The folder that holds `existing`; nothing is made on the way there.
  for (std::size_t i = 0; i + 1 < existing.size(); ++i) {
    from = OpenFolderIn(from.valid() ? from.get() : root_.get(), existing[i]);
    if (!from.valid()) return Fail(no_such_file);
  }
  const int from_folder = from.valid() ? from.get() : root_.get();
  struct stat status{};
  if (existing.empty() ||
      fstatat(from_folder, existing.back().c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0 ||
      !S_ISREG(status.st_mode)) {
    return Fail(no_such_file);
  }
  const auto parent = ParentOf(path);
  if (!parent) return Fail(parent.error());
  if (auto counted = CountOne(path); !counted) return counted;
  if (linkat(from_folder, existing.back().c_str(), *parent, path.back().c_str(), 0) != 0) {
    return Refuse(path);
  }
  return {};
}

// A link that looks harmless can lead out through another: "a/b/up" to "../..", then "out" to
// "a/b/up/../x".  The kernel follows all of them here and refuses to step above the root.
Result<void> CodeTree::CheckLink(const EntryPath& link) const {
  open_how how{};
  how.flags = O_PATH | O_CLOEXEC;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  const std::string name = FormatEntryPath(link);
  const base::Fd reached(
      static_cast<int>(syscall(SYS_openat2, root_.get(), name.c_str(), &how, sizeof how)));
  if (reached.valid()) return {};
  switch (errno) {
    case ENOENT:  // It leads to nothing, and nothing can appear there but Python's bytecode.
    case ENOTDIR:
      return {};
    case EXDEV:
      return Fail(BadEntry(name, "is a link that points out of the package"));
    case ELOOP:
      return Fail(BadEntry(name, "is a link that leads in circles"));
    default:
      return Refuse(link);
  }
}

bool CodeTree::SyncsAllAtOnce() const { return made_ > kMostSyncedOneByOne; }

Result<void> CodeTree::SyncFolders() const {
  if (SyncsAllAtOnce()) {
    if (syncfs(root_.get()) == 0) return {};
    return Fail(Error::System("sync the code", errno));
  }
  for (const auto& path : folders_) {
    const base::Fd folder = OpenFolderIn(root_.get(), FormatEntryPath(path));
    if (!folder.valid() || fsync(folder.get()) != 0) return Refuse(path);
  }
  if (fsync(root_.get()) != 0) return Fail(Error::System("sync the code", errno));
  return {};
}

Result<void> CodeTree::Finish() {
  for (const auto& link : links_) {
    if (auto checked = CheckLink(link); !checked) return checked;
  }
  return SyncFolders();
}

}  // namespace ebb::packages
