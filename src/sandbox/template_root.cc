#include "sandbox/template_root.h"

#include <fcntl.h>
#include <linux/mount.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>

namespace ebb::sandbox {
namespace {

namespace fs = std::filesystem;

// Copied if the host has them.  No passwd, group, hosts: those are ours.  No shadow, no
// ssl/private.
constexpr std::array kCopiedFiles = {
    "/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/protocols",      "/etc/services",
    "/etc/rpc",         "/etc/mime.types", "/etc/magic",          "/etc/host.conf",
    "/etc/os-release",  "/etc/gai.conf",   "/etc/ssl/openssl.cnf"};

// Copied with their links if the host has them, as fewer mounts make a new mount namespace cheaper.
// /etc/alternatives holds the links to shared libraries (BLAS) and commands; the others are what
// programs in /usr do not run without.
constexpr std::array kCopiedFolders = {
    "/etc/alternatives", "/etc/ssl/certs", "/etc/ld.so.conf.d",    "/etc/fonts",
    "/etc/perl",         "/etc/python3",   "/etc/java-17-openjdk", "/etc/ImageMagick-6"};

constexpr std::array kTopFolders = {"/bin",   "/sbin",  "/lib",
                                    "/lib32", "/lib64", "/libx32"};  // Links where /usr is merged.

struct OwnFile {
  const char* path;
  const char* content;
};
constexpr std::array kOwnFiles = {
    OwnFile{"etc/passwd", "function:x:1000:1000::/tmp:/bin/sh\n"},
    OwnFile{"etc/group", "function:x:1000:\n"},
    OwnFile{"etc/hosts", "127.0.0.1 localhost\n::1 localhost\n"},
    OwnFile{"etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files dns\n"},
    // The relay of src/egress, if the sandbox reaches it.
    OwnFile{"etc/resolv.conf", "nameserver 169.254.0.1\n"}, OwnFile{"etc/timezone", "Etc/UTC\n"}};

struct Device {
  const char* path;
  unsigned minor;
};
constexpr std::array kDevices = {Device{"dev/null", 3}, Device{"dev/zero", 5},
                                 Device{"dev/full", 7}, Device{"dev/random", 8},
                                 Device{"dev/urandom", 9}};
constexpr unsigned kMemoryDevices = 1;  // The major number of all of them.

Result<void> Check(bool done, std::string_view step) {
  if (done) return {};
  return Fail(Error::System(step, errno));
}

// Mounts `from` at `root`/`at`, read-only and inert.
Result<void> Show(const fs::path& from, const fs::path& at) {
  const base::Fd tree(static_cast<int>(
      syscall(SYS_open_tree, AT_FDCWD, from.c_str(), OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC)));
  if (!tree.valid()) return Fail(Error::System("open_tree " + from.string(), errno));
  mount_attr inert{};
  inert.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;
  if (syscall(SYS_mount_setattr, tree.get(), "", AT_EMPTY_PATH, &inert, sizeof inert) != 0) {
    return Fail(Error::System("mount_setattr " + from.string(), errno));
  }
  std::error_code error;
  fs::create_directories(at, error);
  return Check(
      syscall(SYS_move_mount, tree.get(), "", AT_FDCWD, at.c_str(), MOVE_MOUNT_F_EMPTY_PATH) == 0,
      "mount " + at.string());
}

Result<void> ShowSystem(const fs::path& root) {
  if (auto shown = Show("/usr", root / "usr"); !shown) return shown;
  for (const char* folder : kTopFolders) {
    const fs::path at = root / fs::path(folder).relative_path();
    std::error_code error;
    if (fs::is_symlink(folder)) {
      fs::copy_symlink(folder, at, error);
      if (error) return Fail(Error::System("link " + at.string(), error.value()));
    } else if (fs::is_directory(folder)) {
      if (auto shown = Show(folder, at); !shown) return shown;
    }
  }
  return {};
}

Result<void> FillEtc(const fs::path& root) {
  std::error_code error;
  fs::create_directories(root / "etc/ssl", error);
  for (const char* file : kCopiedFiles) {
    if (!fs::exists(file)) continue;
    fs::copy_file(file, root / fs::path(file).relative_path(), error);
    if (error) return Fail(Error::System(std::string("copy ") + file, error.value()));
  }
  for (const OwnFile& file : kOwnFiles) {
    const fs::path at = root / file.path;
    const base::Fd fd(open(at.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
    if (!fd.valid()) return Fail(Error::System("create " + at.string(), errno));
    if (auto written = base::WriteAll(fd.get(), file.content); !written) return written;
  }
  fs::create_symlink("/usr/share/zoneinfo/Etc/UTC", root / "etc/localtime", error);
  for (const char* folder : kCopiedFolders) {
    if (!fs::is_directory(folder)) continue;
    fs::copy(folder, root / fs::path(folder).relative_path(),
             fs::copy_options::recursive | fs::copy_options::copy_symlinks, error);
    if (error) return Fail(Error::System(std::string("copy ") + folder, error.value()));
  }
  return {};
}

Result<void> FillDev(const fs::path& root) {
  const mode_t mask = umask(0);
  for (const Device& device : kDevices) {
    const fs::path at = root / device.path;
    if (mknod(at.c_str(), S_IFCHR | 0666, makedev(kMemoryDevices, device.minor)) != 0) {
      return Fail(Error::System("mknod " + at.string(), errno));
    }
  }
  umask(mask);
  std::error_code error;
  fs::create_symlink("/proc/self/fd", root / "dev/fd", error);
  fs::create_symlink("/proc/self/fd/0", root / "dev/stdin", error);
  fs::create_symlink("/proc/self/fd/1", root / "dev/stdout", error);
  fs::create_symlink("/proc/self/fd/2", root / "dev/stderr", error);
  // Shared memory and semaphores of libc: private to the sandbox and counted against its disk.
  fs::create_symlink("/tmp", root / "dev/shm", error);
  return {};
}

Result<void> Fill(const fs::path& root, const fs::path& scratch) {
  std::error_code error;
  for (const char* folder :
       {"code", "dev", "etc", "home", "opt", "proc", "run", "sys", "tmp", "usr", "var"}) {
    fs::create_directory(root / folder, error);
    if (error) return Fail(Error::System("create /" + std::string(folder), error.value()));
  }
  fs::create_symlink("/tmp", root / "var/tmp", error);
  // The zygote's dynamic linker looks for folders once: this one must be there before its children
  // have layers.
  fs::create_directory(root / "opt/lib", error);
  if (auto shown = ShowSystem(root); !shown) return shown;
  if (auto filled = FillEtc(root); !filled) return filled;
  if (auto filled = FillDev(root); !filled) return filled;
  return Show(scratch / "runtimes", root / "ebb");
}

}  // namespace

Result<void> EnterTemplateRoot(const base::Path& scratch) {
  if (auto done = Check(unshare(CLONE_NEWNS) == 0, "new mount namespace"); !done) return done;
  if (auto done = Check(mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0,
                        "make mounts private");
      !done) {
    return done;
  }
  const base::Path root = scratch / "root";
  if (auto made = base::MakeFolder(root); !made) return made;
  // Some hundred small files; nobody can write to it once it is read-only.
  if (auto done = Check(mount("tmpfs", root.c_str(), "tmpfs", MS_NOSUID, "mode=755,size=32m") == 0,
                        "mount the template root");
      !done) {
    return done;
  }
  if (auto filled = Fill(root, scratch); !filled) return filled;
  if (auto done = Check(chdir(root.c_str()) == 0 && syscall(SYS_pivot_root, ".", ".") == 0 &&
                            umount2(".", MNT_DETACH) == 0 && chdir("/") == 0,
                        "pivot into the template root");
      !done) {
    return done;
  }
  return Check(
      mount(nullptr, "/", nullptr, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID, nullptr) == 0,
      "make the template root read-only");
}

}  // namespace ebb::sandbox
