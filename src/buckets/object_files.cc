#include "buckets/object_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/log.h"

namespace ebb::buckets {

Error DiskError(std::string_view what, int number) {
  if (number == ENOSPC || number == EDQUOT) {
    return Error::Unavailable(
               "The disk that holds the buckets is full. Nothing that was stored is lost; free "
               "some "
               "space and try again.")
        .WithCode("InsufficientStorage")
        .WithDetail(std::string(what));
  }
  return Error::Unavailable("The disk that holds the buckets failed.")
      .WithCode("InternalError")
      .WithDetail(Error::System(what, number).message());
}

std::string MakeFileName(Random& random) { return random.Hex(16); }

NewFile& NewFile::operator=(NewFile&& other) noexcept {
  if (this != &other) {
    RemoveUnlessKept();
    name_ = std::move(other.name_);
    path_ = std::exchange(other.path_, {});
    fd_ = std::move(other.fd_);
  }
  return *this;
}

void NewFile::RemoveUnlessKept() {
  if (!path_.empty()) unlink(path_.c_str());
}

ObjectFiles::ObjectFiles(base::Path folder, BeforeStep before_step)
    : folder_(std::move(folder)), before_step_(std::move(before_step)) {}

Result<void> ObjectFiles::Before(std::string_view step) const {
  return before_step_ ? before_step_(step) : Result<void>{};
}

base::Path ObjectFiles::PathOf(const std::string& name) const {
  return folder_ / name.substr(0, 2) / name;
}

Result<void> ObjectFiles::MakeFolder() const { return base::MakeFolder(folder_); }

Result<void> ObjectFiles::MakeShardOf(const std::string& name) const {
  if (auto ok = Before("create folder"); !ok) return ok;
  const base::Path shard = PathOf(name).parent_path();
  if (mkdir(shard.c_str(), 0700) != 0 && errno != EEXIST) {
    return Fail(DiskError("create " + shard.string(), errno));
  }
  // Whoever made it may not have come to this yet.
  return SyncFolder(folder_);
}

Result<NewFile> ObjectFiles::Create(const std::string& name) const {
  if (auto ok = Before("create"); !ok) return Fail(ok.error());
  const base::Path path = PathOf(name);
  const auto open_new = [&] {
    return base::Fd(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  };
  NewFile file;
  file.fd_ = open_new();
  if (!file.fd_.valid() && errno == ENOENT) {
    if (auto made = MakeShardOf(name); !made) return Fail(made.error());
    file.fd_ = open_new();
  }
  if (!file.fd_.valid()) return Fail(DiskError("create " + path.string(), errno));
  file.name_ = name;
  file.path_ = path;
  return file;
}

Result<void> ObjectFiles::Write(NewFile& file, std::string_view bytes) const {
  if (bytes.empty()) return {};
  if (auto ok = Before("write"); !ok) return ok;
  while (!bytes.empty()) {
    const ssize_t n = write(file.fd_.get(), bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return Fail(DiskError("write " + file.path_.string(), errno));
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return {};
}

void ObjectFiles::BeginSync(NewFile& file) const {
  sync_file_range(file.fd_.get(), 0, 0, SYNC_FILE_RANGE_WRITE);  // A failure is Sync's to report.
}

Result<void> ObjectFiles::Sync(NewFile& file) const {
  if (auto ok = Before("fsync"); !ok) return ok;
  // Linux reports a full disk here when the file system allocates late.
  if (fsync(file.fd_.get()) != 0) return Fail(DiskError("fsync " + file.path_.string(), errno));
  return SyncFolderOf(file.name_);
}

Result<void> ObjectFiles::SyncFolderOf(const std::string& name) const {
  return SyncFolder(PathOf(name).parent_path());
}

Result<void> ObjectFiles::SyncFolder(const base::Path& folder) const {
  if (auto ok = Before("fsync folder"); !ok) return ok;
  const base::Fd fd(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid()) return Fail(DiskError("open " + folder.string(), errno));
  if (fsync(fd.get()) != 0) return Fail(DiskError("fsync " + folder.string(), errno));
  return {};
}

Result<NewFile> ObjectFiles::Duplicate(const std::string& from, const std::string& to) const {
  if (auto ok = Before("link"); !ok) return Fail(ok.error());
  const auto try_link = [&] { return link(PathOf(from).c_str(), PathOf(to).c_str()) == 0; };
  bool linked = try_link();
  if (!linked && errno == ENOENT) {
    if (auto made = MakeShardOf(to); !made) return Fail(made.error());
    linked = try_link();
  }
  if (linked) {
    NewFile file;
    file.name_ = to;
    file.path_ = PathOf(to);
    if (auto synced = SyncFolderOf(to); !synced) return Fail(synced.error());
    return file;
  }
  // A file has as many names as its file system can count (65,000 on ext4), or only one.
  if (errno != EMLINK && errno != EPERM && errno != EOPNOTSUPP) {
    return Fail(DiskError("link " + PathOf(from).string(), errno));
  }
  auto created = Create(to);
  if (!created) return created;
  if (auto copied = CopyBytes(from, *created); !copied) return Fail(copied.error());
  if (auto synced = Sync(*created); !synced) return Fail(synced.error());
  return created;
}

Result<void> ObjectFiles::CopyBytes(const std::string& from, NewFile& to) const {
  const auto source = OpenForReading(from);
  if (!source) return Fail(source.error());
  while (true) {
    const ssize_t n = copy_file_range(source->get(), nullptr, to.fd_.get(), nullptr, 1 << 30, 0);
    if (n == 0) return {};
    if (n < 0 && errno != EINTR) return Fail(DiskError("copy " + PathOf(from).string(), errno));
  }
}

Result<base::Fd> ObjectFiles::OpenForReading(const std::string& name) const {
  const base::Path path = PathOf(name);
  base::Fd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) return Fail(DiskError("open " + path.string(), errno));
  return fd;
}

void ObjectFiles::Remove(const std::string& name) const {
  const base::Path path = PathOf(name);
  if (unlink(path.c_str()) == 0 || errno == ENOENT) return;
  log::Warn("removing an object's file failed", {{"error", Error::System(path.string(), errno)}});
}

Result<std::vector<std::string>> ObjectFiles::Shards() const {
  std::vector<std::string> out;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder_, error)) {
    out.push_back(entry.path().filename());
  }
  if (error) return Fail(DiskError("list " + folder_.string(), error.value()));
  return out;
}

Result<int> ObjectFiles::RemoveAllBut(const std::string& shard,
                                      const std::set<std::string>& known) const {
  int removed = 0;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder_ / shard, error)) {
    const std::string name = entry.path().filename();
    if (known.contains(name)) continue;
    Remove(name);
    ++removed;
  }
  if (error) return Fail(DiskError("list " + (folder_ / shard).string(), error.value()));
  return removed;
}

}  // namespace ebb::buckets
