// Files: those of the host, of other functions, and those that all sandboxes share.
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <filesystem>

#include "probe.h"

namespace probe {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFiles = "files";
constexpr const char* kShared = "memory and messages of others";

std::string Read(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return ErrorName(errno);
  close(fd);
  return std::string(kPossible);
}

std::string ReadHostFile() { return Read(Setting("host_file")); }
std::string ReadHostFileThroughInit() { return Read("/proc/1/root" + Setting("host_file")); }
std::string ReadHostFileThroughCwd() {
  return Read("/proc/1/cwd/../../../../../.." + Setting("host_file"));
}
std::string ReadHostFileAboveRoot() { return Read("/../../../../../.." + Setting("host_file")); }
std::string ReadServersDatabase() { return Read(Setting("data") + "/ebb.db"); }
std::string ReadServersKeys() { return Read(Setting("data") + "/cli.json"); }
std::string ReadPackages() { return Read(Setting("data") + "/packages"); }
std::string ReadPasswords() { return Read("/etc/shadow"); }
std::string ReadPrivateKeys() { return Read("/etc/ssl/private"); }
std::string ReadHomes() {
  const std::string outcome = Read("/root");
  return outcome == "ENOENT" ? std::string(kNone) : outcome;
}

// What one file says about others: their secrets, or "none".
bool HoldsSecret(const fs::path& path) {
  return ReadFile(path.string()).find(Setting("victim_mark")) != std::string::npos;
}

// Everywhere that is not the system's own: code, /tmp, logs, whatever is mounted.
std::string FindOthersFiles() {
  if (Setting("victim_mark").empty()) return "nothing to look for";
  std::error_code error;
  auto walk =
      fs::recursive_directory_iterator(Setting("walk_from").empty() ? "/" : Setting("walk_from"),
                                       fs::directory_options::skip_permission_denied, error);
  for (; walk != fs::recursive_directory_iterator(); walk.increment(error)) {
    if (error) return error.message();
    const std::string path = walk->path().string();
    if (path == "/usr" || path == "/proc" || path == "/sys" || path == "/dev" || path == "/lib" ||
        path == "/lib64" || path == "/bin" || path == "/sbin") {
      walk.disable_recursion_pending();
      continue;
    }
    if (walk->is_regular_file(error) && HoldsSecret(path)) return Possible(path);
  }
  return std::string(kNone);
}

std::string WriteCode() {
  return Outcome(open("/code/planted", O_CREAT | O_WRONLY | O_CLOEXEC, 0644));
}
std::string WriteSystem() {
  for (const char* path : {"/usr/bin/planted", "/etc/planted", "/ebb/planted", "/planted",
                           "/dev/planted", "/lib/planted", "/var/planted", "/run/planted",
                           "/home/planted", "/opt/planted", "/sys/planted"}) {
    const int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
    if (fd >= 0) return Possible(path);
    if (errno != EROFS && errno != EACCES && errno != ENOENT) return ErrorName(errno);
  }
  return std::string(kNone);
}

std::string Reopen(const char* path) {
  const int readable = open(path, O_RDONLY | O_CLOEXEC);
  if (readable < 0) return ErrorName(errno);
  const std::string again = "/proc/self/fd/" + std::to_string(readable);
  return Outcome(open(again.c_str(), O_RDWR | O_CLOEXEC));
}
std::string ReopenSystemFile() { return Reopen("/usr/bin/env"); }
std::string ReopenOwnProgram() { return Outcome(open("/proc/self/exe", O_RDWR | O_CLOEXEC)); }
std::string ReopenShim() { return Reopen("/ebb/seccomp.bpf"); }

std::string MapSystemFileWritable() {
  const int fd = open("/usr/bin/env", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return ErrorName(errno);
  void* map = mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  return map == MAP_FAILED ? ErrorName(errno) : std::string(kPossible);
}

std::string LinkSystemFile() {
  const std::string outcome = Outcome(link("/usr/bin/env", "/tmp/probe-link"));
  unlink("/tmp/probe-link");
  return outcome;
}

std::string ChangeModeOfSystemFile() { return Outcome(chmod("/usr/bin/env", 0755)); }
std::string TouchSystemFile() { return Outcome(utimensat(AT_FDCWD, "/usr/bin/env", nullptr, 0)); }

std::string MakeSystemFileImmutable() {
  const int fd = open("/usr/bin/env", O_RDONLY | O_CLOEXEC);
  int flags = FS_IMMUTABLE_FL;
  return fd < 0 ? ErrorName(errno) : Outcome(ioctl(fd, FS_IOC_SETFLAGS, &flags));
}

std::string FreezeHostsDisk() {
  const int fd = open("/usr", O_RDONLY | O_CLOEXEC);
  return fd < 0 ? ErrorName(errno) : Outcome(ioctl(fd, FIFREEZE, 0));
}

std::string AttachSharedMemory() {
  return Outcome(shmget(static_cast<key_t>(NumberSetting("ipc_key")), 0, 0));
}
std::string AttachVictimsSharedMemory() {
  return Outcome(shmget(static_cast<key_t>(NumberSetting("victim_ipc_key")), 0, 0));
}
std::string AttachMessages() {
  return Outcome(msgget(static_cast<key_t>(NumberSetting("ipc_key")), 0));
}
std::string AttachSemaphores() {
  return Outcome(semget(static_cast<key_t>(NumberSetting("ipc_key")), 0, 0));
}
std::string OpenMessageQueue() {
  return Outcome(Raw(SYS_mq_open, At(Setting("queue_name").c_str()), O_RDONLY, 0, 0));
}
std::string OpenSharedMemoryFile() { return Read("/dev/shm/" + Setting("shm_name")); }

}  // namespace

std::vector<Attack> FileAttacks() {
  return {
      {kFiles, "reads a file of the host", "whatever lies there", ReadHostFile, "ENOENT"},
      {kFiles, "reads it through pid 1's root", "the same, past a root that is only its own",
       ReadHostFileThroughInit, "ENOENT"},
      {kFiles, "reads it through pid 1's folder", "the same", ReadHostFileThroughCwd, "ENOENT"},
      {kFiles, "reads it from above its root", "the same", ReadHostFileAboveRoot, "ENOENT"},
      {kFiles, "reads the server's database", "all functions, queues and bills",
       ReadServersDatabase, "ENOENT"},
      {kFiles, "reads the server's keys", "the management API", ReadServersKeys, "ENOENT"},
      {kFiles, "lists the code packages", "all functions' code", ReadPackages, "ENOENT"},
      {kFiles, "reads the host's passwords", "its users' passwords", ReadPasswords, "ENOENT"},
      {kFiles, "reads the host's private keys", "its certificates", ReadPrivateKeys, "ENOENT",
       Outside::kNever, "hosts need not have some"},
      {kFiles, "reads root's home", "its keys", ReadHomes, "none"},
      {kFiles, "finds another function's code, /tmp or log", "others' code and data",
       FindOthersFiles, "none"},
      {kFiles, "writes to its code", "what later instances run", WriteCode, "EROFS",
       Outside::kNever, "there is no /code outside"},
      {kFiles, "writes to the system's folders", "what all sandboxes run", WriteSystem, "none",
       Outside::kNever, "it would plant files there"},
      {kFiles, "reopens a file of the system for writing", "the same, past the mode of opening",
       ReopenSystemFile, "EROFS|EACCES|ETXTBSY"},
      {kFiles, "reopens its own program for writing", "how runc was left (CVE-2019-5736)",
       ReopenOwnProgram, "EROFS|EACCES|ETXTBSY", Outside::kNotRefused},
      {kFiles, "reopens the platform's own files for writing", "the filter of the next sandbox",
       ReopenShim, "EROFS|EACCES", Outside::kNever, "they are only inside"},
      {kFiles, "maps a file of the system writable", "the same", MapSystemFileWritable, "EACCES",
       Outside::kNever, "root, too, must open it for writing first"},
      {kFiles, "links a file of the system into /tmp", "a file kept past its update",
       LinkSystemFile, "EXDEV|EPERM", Outside::kNotRefused},
      {kFiles, "changes the mode of a file of the system", "a set-user-id program",
       ChangeModeOfSystemFile, "EROFS|EPERM"},
      {kFiles, "changes the time of a file of the system", "traces wiped", TouchSystemFile,
       "EROFS|EACCES|EPERM"},
      {kFiles, "makes a file of the system immutable", "updates that fail", MakeSystemFileImmutable,
       "EROFS|EACCES|EPERM|ENOTTY|EOPNOTSUPP", Outside::kNever, "it would be"},
      {kFiles, "freezes the host's disk", "the machine, stopped", FreezeHostsDisk,
       "EPERM|ENOTTY|EOPNOTSUPP", Outside::kNever, "it would be"},
      {kShared, "attaches shared memory of the host", "what others keep there", AttachSharedMemory,
       "ENOENT"},
      {kShared, "attaches shared memory of another function", "the same", AttachVictimsSharedMemory,
       "ENOENT", Outside::kNever, "the host is not in its namespace"},
      {kShared, "opens a message queue of the host, System V", "messages of others", AttachMessages,
       "ENOENT"},
      {kShared, "opens semaphores of the host", "others, stopped", AttachSemaphores, "ENOENT"},
      {kShared, "opens a message queue of the host, POSIX", "messages of others", OpenMessageQueue,
       "ENOENT"},
      {kShared, "opens a shared memory file of the host", "what others keep there",
       OpenSharedMemoryFile, "ENOENT"},
  };
}

}  // namespace probe
