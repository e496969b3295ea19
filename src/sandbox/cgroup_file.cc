#include "sandbox/cgroup_file.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <chrono>
#include <filesystem>
#include <sstream>
#include <thread>

namespace ebb::sandbox {
namespace {

// A process that was killed needs a scheduler tick or two to leave; one stuck in the kernel longer.
constexpr auto kRetryEvery = std::chrono::milliseconds(1);
constexpr auto kPatience = std::chrono::seconds(5);

void KillMembers(const base::Path& folder) {
  auto members = base::ReadFile(folder / "cgroup.procs");
  if (!members) return;
  std::istringstream lines(*members);
  for (pid_t pid = 0; lines >> pid;) {
    if (pid > 1) kill(pid, SIGKILL);
  }
}

}  // namespace

Result<void> WriteControl(const base::Path& file, std::string_view text) {
  const base::Fd fd(open(file.c_str(), O_WRONLY | O_CLOEXEC));
  if (!fd.valid()) return Fail(Error::System("open " + file.string(), errno));
  if (write(fd.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
    return Fail(Error::System("write " + std::string(text) + " to " + file.string(), errno));
  }
  return {};
}

void TryWriteControl(const base::Path& file, std::string_view text) {
  if (auto written = WriteControl(file, text); !written) return;
}

std::int64_t ReadControl(const base::Path& file, std::string_view key) {
  const base::Fd fd(open(file.c_str(), O_RDONLY | O_CLOEXEC));
  char buffer[4096];
  const ssize_t size = fd.valid() ? read(fd.get(), buffer, sizeof buffer) : 0;
  std::string_view text(buffer, size > 0 ? static_cast<std::size_t>(size) : 0);
  while (!key.empty() && !(text.starts_with(key) && text.substr(key.size()).starts_with(' '))) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) return 0;
    text.remove_prefix(end + 1);
  }
  if (!key.empty()) text.remove_prefix(key.size() + 1);
  std::int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

std::int64_t ReadNumber(int fd) {
  char buffer[32];
  const ssize_t size = pread(fd, buffer, sizeof buffer, 0);
  std::int64_t value = 0;
  if (size > 0) std::from_chars(buffer, buffer + size, value);
  return value;
}

std::vector<pid_t> ReadPids(const base::Path& file) {
  std::vector<pid_t> pids;
  const auto text = base::ReadFile(file);
  if (!text) return pids;
  const char* const end = text->data() + text->size();
  for (const char* at = text->data(); at < end;) {
    pid_t pid = 0;
    const auto [after, error] = std::from_chars(at, end, pid);
    if (error != std::errc()) break;
    pids.push_back(pid);
    at = after + 1;  // The end of the line.
  }
  return pids;
}

Result<void> MakeGroup(const base::Path& folder) {
  if (mkdir(folder.c_str(), 0755) == 0 || errno == EEXIST) return {};
  return Fail(Error::System("create cgroup " + folder.string(), errno));
}

Result<base::Fd> ClaimGroup(const base::Path& folder, Duration patience) {
  const auto give_up = std::chrono::steady_clock::now() + patience;
  while (true) {
    if (auto made = MakeGroup(folder); !made) return Fail(made.error());
    base::Fd fd(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (fd.valid() && flock(fd.get(), LOCK_EX | LOCK_NB) == 0) {
      // Whoever had it may have removed it in between.
      struct stat locked{};
      struct stat named{};
      if (fstat(fd.get(), &locked) == 0 && stat(folder.c_str(), &named) == 0 &&
          locked.st_ino == named.st_ino) {
        return fd;
      }
    }
    if (std::chrono::steady_clock::now() > give_up) {
      return Fail(Error::Unavailable("another ebb serve uses the cgroup " + folder.string()));
    }
    std::this_thread::sleep_for(kRetryEvery);
  }
}

Result<base::Fd> CopyOf(const base::Fd& fd) {
  base::Fd copy(fcntl(fd.get(), F_DUPFD_CLOEXEC, 0));
  if (!copy.valid()) return Fail(Error::System("copy a descriptor", errno));
  return copy;
}

Result<void> KillAndRemoveGroup(const base::Path& folder) {
  const auto give_up = std::chrono::steady_clock::now() + kPatience;
  while (rmdir(folder.c_str()) != 0) {
    if (errno == ENOENT) return {};
    if (errno != EBUSY || std::chrono::steady_clock::now() > give_up) {
      return Fail(Error::System("remove cgroup " + folder.string(), errno));
    }
    KillMembers(folder);
    std::this_thread::sleep_for(kRetryEvery);
  }
  return {};
}

Result<void> KillAndRemoveGroupsIn(const base::Path& folder) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    if (!entry.is_directory()) continue;
    if (auto removed = KillAndRemoveGroup(entry.path()); !removed) return removed;
  }
  return {};
}

}  // namespace ebb::sandbox
