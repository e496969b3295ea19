#include "sandbox/image_root.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace ebb::sandbox {
namespace {

bool MakeWritableFolder(const char* path, mode_t mode) {
  return mkdir(path, mode) == 0 && chmod(path, mode) == 0;  // Again, without the umask.
}

bool Set(int fs, const char* key, const char* value) {
  return syscall(SYS_fsconfig, fs, FSCONFIG_SET_STRING, key, value, 0) == 0;
}

// Below the image's own files, read-only; above what the function writes, gone with the sandbox.
int MountOverlay() {
  const auto fs = static_cast<int>(syscall(SYS_fsopen, "overlay", FSOPEN_CLOEXEC));
  if (fs < 0 || !Set(fs, "lowerdir", "/code") || !Set(fs, "upperdir", "/tmp/upper") ||
      !Set(fs, "workdir", "/tmp/work") ||
      syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) != 0) {
    return -1;
  }
  return static_cast<int>(
      syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV));
}

// Attaches with `flags` for move_mount.
bool Attach(int mount, const char* where, unsigned flags) {
  return syscall(SYS_move_mount, mount, "", AT_FDCWD, where, MOVE_MOUNT_F_EMPTY_PATH | flags) == 0;
}

enum class Kind { kFolder, kFile };

// What the image sees of the root before it.
struct Kept {
  const char* from;
  const char* to;
  Kind kind;
};
constexpr Kept kKept[] = {{"/dev", "/dev", Kind::kFolder},
                          {"/tmp/tmp", "/tmp", Kind::kFolder},
                          {"/etc/hosts", "/etc/hosts", Kind::kFile},
                          {"/etc/resolv.conf", "/etc/resolv.conf", Kind::kFile}};
constexpr unsigned kKeptCount = sizeof kKept / sizeof kKept[0];

// Links on the way are followed: after the pivot they cannot lead out of the image.
bool MakePlace(const char* path, Kind kind) {
  if (kind == Kind::kFolder) return mkdir(path, 0755) == 0 || errno == EEXIST;
  const int file = open(path, O_RDONLY | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0644);
  if (file >= 0) close(file);
  return file >= 0;
}

bool Pivot(int root) {
  // Both at one place, so that no folder of the image is needed for the old one.
  return fchdir(root) == 0 && syscall(SYS_pivot_root, ".", ".") == 0 &&
         umount2(".", MNT_DETACH) == 0 && chdir("/") == 0;
}

}  // namespace

bool EnterImageRoot() {
  if (!MakeWritableFolder("/tmp/upper", 0777) || !MakeWritableFolder("/tmp/work", 0700) ||
      !MakeWritableFolder("/tmp/tmp", 01777)) {
    return false;
  }
  const int overlay = MountOverlay();
  if (overlay < 0) return false;
  int mounts[kKeptCount];
  for (unsigned i = 0; i < kKeptCount; ++i) {
    mounts[i] = static_cast<int>(
        syscall(SYS_open_tree, AT_FDCWD, kKept[i].from, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC));
    if (mounts[i] < 0) return false;
  }
  if (!Attach(overlay, "/run", 0) || !Pivot(overlay)) return false;
  if (!MakePlace("/etc", Kind::kFolder) || !MakePlace("/proc", Kind::kFolder)) return false;
  for (unsigned i = 0; i < kKeptCount; ++i) {
    if (!MakePlace(kKept[i].to, kKept[i].kind) ||
        !Attach(mounts[i], kKept[i].to, MOVE_MOUNT_T_SYMLINKS)) {
      return false;
    }
  }
  return true;
}

}  // namespace ebb::sandbox
