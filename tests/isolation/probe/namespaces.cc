// Mounts and namespaces: out of the folders, processes and networks that the sandbox is shown.
#include <fcntl.h>
#include <linux/mount.h>
#include <linux/nsfs.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "probe.h"

namespace probe {
namespace {

constexpr const char* kMounts = "mounts";
constexpr const char* kNamespaces = "namespaces";

std::string MountTmpfs() { return Outcome(mount("none", "/tmp", "tmpfs", 0, nullptr)); }
std::string BindFolder() { return Outcome(mount("/usr", "/tmp", nullptr, MS_BIND, nullptr)); }
std::string Remount() {
  return Outcome(mount(nullptr, "/", nullptr, MS_REMOUNT | MS_BIND, nullptr));
}
std::string ChangePropagation() {
  return Outcome(mount(nullptr, "/", nullptr, MS_REC | MS_SHARED, nullptr));
}
std::string Unmount() { return Outcome(umount2("/proc", MNT_DETACH)); }
std::string MountProc() { return Outcome(mount("none", "/tmp", "proc", 0, nullptr)); }
std::string MountCgroups() { return Outcome(mount("none", "/tmp", "cgroup2", 0, nullptr)); }
std::string MountDebugfs() { return Outcome(mount("none", "/tmp", "debugfs", 0, nullptr)); }
std::string Pivot() { return Outcome(Raw(SYS_pivot_root, At("."), At("."))); }
std::string Chroot() { return Outcome(chroot("/tmp")); }
std::string FsOpen() { return Outcome(Raw(SYS_fsopen, At("tmpfs"), 0)); }
std::string OpenTree() {
  return Outcome(Raw(SYS_open_tree, AT_FDCWD, At("/"), OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC));
}
std::string MoveMount() {
  return Outcome(Raw(SYS_move_mount, AT_FDCWD, At("/none"), AT_FDCWD, At("/tmp"), 0));
}
std::string SetMountAttributes() {
  mount_attr writable{};
  writable.attr_clr = MOUNT_ATTR_RDONLY;
  return Outcome(Raw(SYS_mount_setattr, AT_FDCWD, At("/"), 0, At(&writable), sizeof writable));
}

template <unsigned long kFlag>
std::string Unshare() {
  return Outcome(Raw(SYS_unshare, static_cast<long>(kFlag)));
}

// As fork does it, with one flag more.
template <unsigned long kFlag>
std::string Clone() {
  const long child = Raw(SYS_clone, static_cast<long>(kFlag | SIGCHLD));
  if (child == 0) _exit(0);
  if (child > 0) waitpid(static_cast<pid_t>(child), nullptr, 0);
  return Outcome(child);
}

// The upper half of the flags is not the kernel's to see, but may be a filter's.
std::string CloneWithHighBits() {
  const long child = Raw(SYS_clone, static_cast<long>(CLONE_NEWUSER | SIGCHLD | (1UL << 32)));
  if (child == 0) _exit(0);
  if (child > 0) waitpid(static_cast<pid_t>(child), nullptr, 0);
  return Outcome(child);
}

template <unsigned long kFlag>
std::string Clone3() {
  clone_args wanted{};
  wanted.flags = kFlag;
  wanted.exit_signal = SIGCHLD;
  const long child = Raw(SYS_clone3, At(&wanted), sizeof wanted);
  if (child == 0) _exit(0);
  if (child > 0) waitpid(static_cast<pid_t>(child), nullptr, 0);
  return Outcome(child);
}

std::string Enter(const char* which) {
  const int fd = open(which, O_RDONLY | O_CLOEXEC);
  return fd < 0 ? ErrorName(errno) : Outcome(setns(fd, 0));
}
std::string EnterMounts() { return Enter("/proc/1/ns/mnt"); }
std::string EnterNetwork() { return Enter("/proc/1/ns/net"); }

std::string EnterByPidfd() {
  const long fd = Raw(SYS_pidfd_open, 1, 0);
  return fd < 0 ? ErrorName(errno) : Outcome(setns(static_cast<int>(fd), CLONE_NEWNET));
}

// The user namespace that owns the network namespace is the host's.
std::string OwnerOfNamespace() {
  const int fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
  return fd < 0 ? ErrorName(errno) : Outcome(ioctl(fd, NS_GET_USERNS));
}

std::string ParentOfNamespace() {
  const int fd = open("/proc/self/ns/pid", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return ErrorName(errno);
  return Outcome(ioctl(fd, NS_GET_PARENT));
}

std::string ChangeHostName() { return Outcome(sethostname("owned", 5)); }

}  // namespace

std::vector<Attack> NamespaceAttacks() {
  return {
      {kMounts, "mounts a tmpfs", "files that others see, replaced", MountTmpfs, "EPERM"},
      {kMounts, "binds one folder over another", "the same, with files of its choice", BindFolder,
       "EPERM"},
      {kMounts, "makes its root writable", "the system's files changed for all sandboxes", Remount,
       "EPERM"},
      {kMounts, "makes its mounts shared", "mounts that spread to the host", ChangePropagation,
       "EPERM"},
      {kMounts, "unmounts /proc", "what lies below a mount, uncovered", Unmount, "EPERM"},
      {kMounts, "mounts a proc of its own", "a writable /proc/sys", MountProc, "EPERM"},
      {kMounts, "mounts the cgroups", "its limits, and release_agent: a program run as root",
       MountCgroups, "EPERM"},
      {kMounts, "mounts debugfs", "the kernel's own interfaces", MountDebugfs, "EPERM"},
      {kMounts, "pivots into another root", "the host's root behind the old one", Pivot, "EPERM",
       Outside::kNotRefused},
      {kMounts, "changes its root", "the classic escape with an open folder", Chroot, "EPERM"},
      {kMounts, "opens a file system by fsopen", "the newer way to mount", FsOpen, "ENOSYS"},
      {kMounts, "clones a tree of mounts by open_tree", "a copy of mounts without their locks",
       OpenTree, "ENOSYS"},
      {kMounts, "moves a mount by move_mount", "a mount put where it pleases", MoveMount, "ENOSYS",
       Outside::kNotRefused},
      {kMounts, "makes its root writable by mount_setattr", "the newer way to remount",
       SetMountAttributes, "ENOSYS"},
      {kNamespaces, "makes a user namespace by unshare", "root in it, and the code for root",
       Unshare<CLONE_NEWUSER>, "EPERM"},
      {kNamespaces, "makes a mount namespace by unshare", "mounts of its own", Unshare<CLONE_NEWNS>,
       "EPERM"},
      {kNamespaces, "makes a pid namespace by unshare", "processes that its kill may miss",
       Unshare<CLONE_NEWPID>, "EPERM"},
      {kNamespaces, "makes a network namespace by unshare", "netfilter and routing to attack",
       Unshare<CLONE_NEWNET>, "EPERM"},
      {kNamespaces, "makes ipc and uts namespaces by unshare", "the kernel's lesser used corners",
       Unshare < CLONE_NEWIPC | CLONE_NEWUTS >, "EPERM"},
      {kNamespaces, "makes a cgroup namespace by unshare", "another view of the cgroups",
       Unshare<CLONE_NEWCGROUP>, "EPERM"},
      {kNamespaces, "makes a time namespace by unshare", "clocks of its own",
       Unshare<CLONE_NEWTIME>, "EPERM"},
      {kNamespaces, "makes a user namespace by clone", "the same, past a filter for unshare only",
       Clone<CLONE_NEWUSER>, "EPERM"},
      {kNamespaces, "makes a mount namespace by clone", "the same", Clone<CLONE_NEWNS>, "EPERM"},
      {kNamespaces, "makes a pid namespace by clone", "the same", Clone<CLONE_NEWPID>, "EPERM"},
      {kNamespaces, "makes a network namespace by clone", "the same", Clone<CLONE_NEWNET>, "EPERM"},
      {kNamespaces, "makes ipc, uts and cgroup namespaces by clone", "the same",
       Clone < CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP >, "EPERM"},
      {kNamespaces, "hides clone's flags behind high bits", "a filter that compares the whole word",
       CloneWithHighBits, "EPERM"},
      {kNamespaces, "makes a user namespace by clone3",
       "flags in memory, where no filter sees them", Clone3<CLONE_NEWUSER>, "ENOSYS"},
      {kNamespaces, "enters the mounts of pid 1", "the way of nsenter", EnterMounts, "EPERM"},
      {kNamespaces, "enters the network of pid 1", "the same", EnterNetwork, "EPERM"},
      {kNamespaces, "enters namespaces by a pidfd", "the same without /proc", EnterByPidfd,
       "EPERM"},
      {kNamespaces, "asks who owns its network namespace", "a handle on the host's user namespace",
       OwnerOfNamespace, "EPERM"},
      {kNamespaces, "asks for the parent of its pid namespace",
       "a handle on the helpers' namespace", ParentOfNamespace, "EPERM", Outside::kNever,
       "the suite's own may be the first of all"},
      {kNamespaces, "changes the host name", "confusion in logs and in clusters", ChangeHostName,
       "EPERM"},
  };
}

}  // namespace probe
