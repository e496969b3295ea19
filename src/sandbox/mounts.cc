#include "sandbox/mounts.h"

#include <fcntl.h>
#include <linux/mount.h>
#include <sys/syscall.h>

#include <cerrno>
#include <string>

namespace ebb::sandbox {
namespace {

// Guessed: one file in 4 KiB.  Without a limit of its own, tmpfs would take half of all memory.
constexpr std::int64_t kInodesPerMebibyte = 256;

bool Set(int fs, const char* key, const std::string& value) {
  return syscall(SYS_fsconfig, fs, FSCONFIG_SET_STRING, key, value.c_str(), 0) == 0;
}

bool SetSize(int fs, Mebibytes size) {
  return Set(fs, "size", std::to_string(size.bytes())) &&
         Set(fs, "nr_inodes", std::to_string(size.count() * kInodesPerMebibyte));
}

// `what`: "code folder".
Result<base::Fd> MakeInertMount(const base::Path& path, const std::string& what) {
  base::Fd tree(static_cast<int>(
      syscall(SYS_open_tree, AT_FDCWD, path.c_str(), OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC)));
  if (!tree.valid()) return Fail(Error::System("open the " + what + " " + path.string(), errno));
  mount_attr inert{};
  inert.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;
  if (syscall(SYS_mount_setattr, tree.get(), "", AT_EMPTY_PATH, &inert, sizeof inert) != 0) {
    return Fail(Error::System("make the " + what + " read-only", errno));
  }
  return tree;
}

}  // namespace

Result<base::Fd> MakeCodeMount(const base::Path& folder) {
  return MakeInertMount(folder, "code folder");
}

Result<base::Fd> MakeNamesMount(const base::Path& resolv_conf) {
  if (resolv_conf.empty()) return base::Fd();
  return MakeInertMount(resolv_conf, "resolv.conf");
}

Result<base::Fd> MakeLayersMount(const std::vector<base::Path>& folders) {
  if (folders.empty()) return base::Fd();
  if (folders.size() == 1) return MakeCodeMount(folders.front());
  // Through descriptors: a path may hold the ':' and ',' that separate options.
  std::vector<base::Fd> opened;
  std::string lower;
  for (const base::Path& folder : folders) {
    opened.emplace_back(open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!opened.back().valid()) {
      return Fail(Error::System("open the layer " + folder.string(), errno));
    }
    lower += (lower.empty() ? "" : ":") + ("/proc/self/fd/" + std::to_string(opened.back().get()));
  }
  // One an instance: it takes 70 us, and kernels before 6.15 cannot clone a mount that is attached
  // nowhere.
  const base::Fd fs(static_cast<int>(syscall(SYS_fsopen, "overlay", FSOPEN_CLOEXEC)));
  if (!fs.valid() || !Set(fs.get(), "lowerdir", lower) ||
      syscall(SYS_fsconfig, fs.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) != 0) {
    return Fail(Error::System("merge the layers", errno));
  }
  base::Fd mount(
      static_cast<int>(syscall(SYS_fsmount, fs.get(), FSMOUNT_CLOEXEC,
                               MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV)));
  if (!mount.valid()) return Fail(Error::System("mount the layers", errno));
  return mount;
}

Result<base::Fd> MakeTmpMount(Mebibytes size) {
  const base::Fd fs(static_cast<int>(syscall(SYS_fsopen, "tmpfs", FSOPEN_CLOEXEC)));
  if (!fs.valid() || !SetSize(fs.get(), size) || !Set(fs.get(), "mode", "1777") ||
      syscall(SYS_fsconfig, fs.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) != 0) {
    return Fail(Error::System("make a tmpfs", errno));
  }
  base::Fd mount(static_cast<int>(
      syscall(SYS_fsmount, fs.get(), FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV)));
  if (!mount.valid()) return Fail(Error::System("mount a tmpfs", errno));
  return mount;
}

Result<void> ResizeTmpMount(const base::Fd& tmp, Mebibytes size) {
  const base::Fd fs(
      static_cast<int>(syscall(SYS_fspick, tmp.get(), "", FSPICK_CLOEXEC | FSPICK_EMPTY_PATH)));
  if (!fs.valid() || !SetSize(fs.get(), size) ||
      syscall(SYS_fsconfig, fs.get(), FSCONFIG_CMD_RECONFIGURE, nullptr, nullptr, 0) != 0) {
    return Fail(Error::System("resize /tmp", errno));
  }
  return {};
}

bool Attach(const base::Fd& mount, const char* where) {
  return syscall(SYS_move_mount, mount.get(), "", AT_FDCWD, where, MOVE_MOUNT_F_EMPTY_PATH) == 0;
}

}  // namespace ebb::sandbox
