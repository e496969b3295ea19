#include "sandbox/process_view.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <filesystem>

#include "base/file.h"

namespace ebb::sandbox {
namespace {

std::string ProcPath(pid_t pid, std::string_view name) {
  return "/proc/" + std::to_string(pid) + "/" + std::string(name);
}

std::string ReadLink(const std::string& path) {
  std::array<char, 4096> target;
  const ssize_t size = readlink(path.c_str(), target.data(), target.size());
  return size > 0 ? std::string(target.data(), static_cast<std::size_t>(size)) : std::string();
}

// The number behind `key` and white space, in a text of lines.
template <typename T>
std::optional<T> FieldOf(std::string_view text, std::string_view key, int base) {
  const std::string line = "\n" + std::string(key) + ":";
  std::size_t at = text.find(line);
  if (at == std::string_view::npos) return std::nullopt;
  at = text.find_first_not_of(" \t", at + line.size());
  if (at == std::string_view::npos) return std::nullopt;
  T value{};
  const auto read = std::from_chars(text.data() + at, text.data() + text.size(), value, base);
  if (read.ec != std::errc()) return std::nullopt;
  return value;
}

// The last of the numbers behind "NSpid": the process's own in the innermost namespace.
bool IsFirstOfItsNamespace(std::string_view text) {
  const std::size_t at = text.find("\nNSpid:");
  if (at == std::string_view::npos) return false;
  const std::string_view line = text.substr(at + 1, text.find('\n', at + 1) - at - 1);
  return line.substr(line.find_last_of(" \t") + 1) == "1";
}

}  // namespace

Result<base::Fd> OpenPidfd(pid_t pid) {
  base::Fd pidfd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));  // Always close-on-exec.
  if (!pidfd.valid()) return Fail(Error::System("pidfd_open", errno));
  return pidfd;
}

Result<pid_t> PidOf(const base::Fd& pidfd) {
  const auto info = base::ReadFile("/proc/self/fdinfo/" + std::to_string(pidfd.get()));
  if (!info) return Fail(info.error());
  const auto pid = FieldOf<pid_t>(*info, "Pid", 10);
  if (!pid || *pid <= 0) return Fail(Error::Unavailable("the process has ended"));
  return *pid;
}

std::optional<pid_t> ParentOf(pid_t pid) {
  const auto text = base::ReadFile(ProcPath(pid, "status"));
  return text ? FieldOf<pid_t>(*text, "PPid", 10) : std::nullopt;
}

std::string NamespaceOf(pid_t pid, const char* name) {
  return ReadLink(ProcPath(pid, "ns/") + name);
}

Result<base::Fd> OpenNetworkOf(pid_t pid) {
  base::Fd network(open(ProcPath(pid, "ns/net").c_str(), O_RDONLY | O_CLOEXEC));
  if (!network.valid()) return Fail(Error::System("open a network namespace", errno));
  return network;
}

Privileges PrivilegesOf(pid_t pid) {
  Privileges found;
  const auto text = base::ReadFile(ProcPath(pid, "status"));
  if (!text) return found;
  found.capabilities = 0;
  for (const char* set : {"CapInh", "CapPrm", "CapEff", "CapAmb"}) {
    found.capabilities |= FieldOf<std::uint64_t>(*text, set, 16).value_or(~std::uint64_t{0});
  }
  found.no_new_privileges = FieldOf<int>(*text, "NoNewPrivs", 10) == 1;
  found.filters = FieldOf<int>(*text, "Seccomp_filters", 10).value_or(0);
  found.user = FieldOf<uid_t>(*text, "Uid", 10).value_or(0);
  found.threads = FieldOf<int>(*text, "Threads", 10).value_or(0);
  found.first_of_its_namespace = IsFirstOfItsNamespace(*text);
  return found;
}

// Lines such as "7f00-7f01 rw-s 00000000 00:01 1234  /dev/zero (deleted)".
Result<bool> SharesMemory(pid_t pid) {
  const auto maps = base::ReadFile(ProcPath(pid, "maps"));
  if (!maps) return Fail(maps.error());
  for (std::size_t at = 0; at < maps->size(); at = maps->find('\n', at) + 1) {
    const std::size_t mode = maps->find(' ', at) + 1;
    if (mode + 4 > maps->size()) break;
    if ((*maps)[mode + 1] == 'w' && (*maps)[mode + 3] == 's') return true;
    if (maps->find('\n', at) == std::string::npos) break;
  }
  return false;
}

Result<std::vector<OpenFile>> OpenFilesOf(pid_t pid) {
  std::vector<OpenFile> files;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(ProcPath(pid, "fd"), error)) {
    const std::string name = entry.path().filename().string();
    int number = -1;
    std::from_chars(name.data(), name.data() + name.size(), number);
    files.push_back({number, ReadLink(entry.path().string())});
  }
  if (error) return Fail(Error::System("read a process's descriptors", error.value()));
  return files;
}

std::string TargetOf(const base::Fd& own) {
  return ReadLink("/proc/self/fd/" + std::to_string(own.get()));
}

}  // namespace ebb::sandbox
