#include "base/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace ebb::base {

Result<std::string> ReadFile(const Path& path) {
  const Fd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) {
    if (errno == ENOENT) return Fail(Error::NotFound(path.string() + " does not exist"));
    return Fail(Error::System("open " + path.string(), errno));
  }
  std::string out;
  char buffer[65536];
  while (true) {
    const ssize_t n = read(fd.get(), buffer, sizeof buffer);
    if (n == 0) return out;
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return Fail(Error::System("read " + path.string(), errno));
    out.append(buffer, static_cast<std::size_t>(n));
  }
}

Result<void> WriteAll(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return Fail(Error::System("write", errno));
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return {};
}

Result<void> SaveFile(const Path& path, std::string_view bytes, FileMode mode) {
  const Path temporary = path.string() + ".new";
  const mode_t bits = mode == FileMode::kPrivate ? 0600 : 0644;
  {
    const Fd fd(open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, bits));
    if (!fd.valid()) return Fail(Error::System("open " + temporary.string(), errno));
    if (auto written = WriteAll(fd.get(), bytes); !written) return written;
    if (fsync(fd.get()) != 0) return Fail(Error::System("fsync " + temporary.string(), errno));
  }
  if (rename(temporary.c_str(), path.c_str()) != 0) {
    return Fail(Error::System("rename to " + path.string(), errno));
  }
  return SyncFolder(path.parent_path().empty() ? Path(".") : path.parent_path());
}

Result<void> SyncFolder(const Path& folder) {
  const Fd fd(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid()) return Fail(Error::System("open " + folder.string(), errno));
  if (fsync(fd.get()) != 0) return Fail(Error::System("fsync " + folder.string(), errno));
  return {};
}

Result<void> MakeFolder(const Path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) return Fail(Error::System("create " + folder.string(), error.value()));
  return {};
}

}  // namespace ebb::base
