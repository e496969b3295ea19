#include "sandbox/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/mount.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <span>

#include "sandbox/helper.h"
#include "sandbox/image_root.h"
#include "sandbox/wire.h"

namespace ebb::sandbox {
namespace {

constexpr rlim_t kMaxFiles = 100'000;  // FC's limit.

bool Write(int fd, const char* text) {
  const size_t size = strlen(text);
  return fd >= 0 && write(fd, text, size) == static_cast<ssize_t>(size);
}

// Writes one file of this process's folder in the helper's /proc: the sandbox's own is read-only.
bool WriteOwnProc(const Plan& plan, const char* name, const char* text) {
  const int fd = openat(plan.outer_proc, name, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return false;
  const bool written = Write(fd, text);
  const int why = errno;
  close(fd);
  errno = why;
  return written;
}

bool IsPidOne(const Plan&) {
  errno = EPERM;
  return getpid() == 1;
}

bool ResetSignals(const Plan&) {
  for (int number = 1; number < NSIG; ++number) signal(number, SIG_DFL);  // Some cannot be: fine.
  sigset_t none;
  sigemptyset(&none);
  umask(022);
  return sigprocmask(SIG_SETMASK, &none, nullptr) == 0 && setsid() >= 0;
}

// The child writes "0" itself: a foreign write waits milliseconds for an RCU grace period on v1.
bool JoinCgroups(const Plan& plan) {
  for (unsigned i = 0; i < plan.join_count; ++i) {
    if (!Write(plan.joins[i], "0")) return false;
  }
  return plan.join_count > 0;
}

// After the join, so that the cgroup namespace's root is the sandbox's own cgroup.
bool NewNamespaces(const Plan&) {
  return unshare(CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP) == 0;
}

bool EnterNetwork(const Plan& plan) { return setns(plan.network, CLONE_NEWNET) == 0; }

bool NameHost(const Plan& plan) {
  return sethostname(plan.host_name, strlen(plan.host_name)) == 0 && setdomainname("", 0) == 0;
}

bool Attach(int mount, const char* where) {
  return syscall(SYS_move_mount, mount, "", AT_FDCWD, where, MOVE_MOUNT_F_EMPTY_PATH) == 0;
}

bool AttachCode(const Plan& plan) { return Attach(plan.code, "/code"); }
bool AttachTmp(const Plan& plan) { return Attach(plan.tmp, "/tmp"); }
bool AttachLayers(const Plan& plan) { return plan.layers < 0 || Attach(plan.layers, "/opt"); }
bool AttachNames(const Plan& plan) {
  return plan.names < 0 || Attach(plan.names, "/etc/resolv.conf");
}

bool EnterImage(const Plan& plan) { return !plan.image || EnterImageRoot(); }

bool AttachProc(const Plan&) {
  const int proc = MakeProc();
  return proc >= 0 && Attach(proc, "/proc");
}

bool PreferForOom(const Plan& plan) {
  return WriteOwnProc(plan, "self/oom_score_adj", "500");  // Functions go before the host's own.
}

bool LimitResources(const Plan&) {
  // 1 byte is too little for a core file, and the one value with which a crash does not start the
  // host's crash handler either, which runs as root on the host (fs/coredump.c); 0 would start it.
  const rlimit none{1, 1};
  if (setrlimit(RLIMIT_CORE, &none) != 0) return false;
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) != 0) return false;
  // Above the hard limit needs CAP_SYS_RESOURCE, which a container's root does not have.
  const rlim_t allowed = files.rlim_max < kMaxFiles ? files.rlim_max : kMaxFiles;
  files = {allowed, allowed};
  return setrlimit(RLIMIT_NOFILE, &files) == 0;
}

bool BecomeUnprivileged(const Plan& plan) {
  errno = EINVAL;
  return plan.uid != 0 && setgroups(0, nullptr) == 0 &&
         setresgid(plan.uid, plan.uid, plan.uid) == 0 &&
         setresuid(plan.uid, plan.uid, plan.uid) == 0;
}

// Last of the namespaces: all others belong to the host's user namespace, so that even with every
// capability in its own the function has no power over them.
bool NewUserNamespace(const Plan& plan) {
  // Root in a namespace is given all its capabilities by every exec: only no-new-privs would be
  // left to stand between.
  errno = EINVAL;
  if (plan.inside_uid == 0) return false;
  // Changing the user made /proc/self/* root's; dumpable gives it back, for the maps below.
  if (prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) != 0 || unshare(CLONE_NEWUSER) != 0) return false;
  char users[64];
  char groups[64];
  snprintf(users, sizeof users, "%u %u 1", plan.inside_uid, plan.uid);
  snprintf(groups, sizeof groups, "%u %u 1", plan.inside_gid, plan.uid);
  return WriteOwnProc(plan, "self/setgroups", "deny") &&
         WriteOwnProc(plan, "self/uid_map", users) && WriteOwnProc(plan, "self/gid_map", groups);
}

bool DropCapabilities(const Plan& plan) {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct kept[2] = {};
  if (plan.is_template) kept[0].effective = kept[0].permitted = 1U << CAP_SYS_ADMIN;
  return syscall(SYS_capset, &header, kept) == 0;
}

bool ForbidNewPrivileges(const Plan&) { return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0; }

bool FilterSystemCalls(const Plan& plan) {
  const sock_fprog program{static_cast<unsigned short>(plan.filter_length),
                           const_cast<sock_filter*>(plan.filter)};
  return plan.filter_length > 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0;
}

// Last: `plan.status`, which the caller reports failures on, is beyond the targets and stays open
// until nothing can fail any more.
bool PlaceDescriptors(const Plan& plan) {
  // Out of the way first: a source may sit on another one's target.
  const int channel = fcntl(plan.channel, F_DUPFD_CLOEXEC, kStatusInside + 1);
  const int output = fcntl(plan.output, F_DUPFD_CLOEXEC, kStatusInside + 1);
  const int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (channel < 0 || output < 0 || null < 0 || chdir(plan.image ? "/" : "/code") != 0) {
    return false;
  }
  if (dup2(null, STDIN_FILENO) < 0 || dup2(output, STDOUT_FILENO) < 0 ||
      dup2(output, STDERR_FILENO) < 0 || dup2(channel, kChannelInside) < 0 ||
      dup3(plan.status, kStatusInside, O_CLOEXEC) < 0) {
    return false;
  }
  return syscall(SYS_close_range, kStatusInside + 1, ~0U, 0) == 0;
}

// With one flag word that the template's filter knows.
bool NewNamespacesOfForked(const Plan&) { return unshare(kInstanceNamespaces) == 0; }

// The server mounts /tmp and /proc, names the host and brings the loopback up: from outside, since
// no process that has run user code may do such things.
bool WaitForServer(const Plan& plan) {
  SendStatus(plan.status, StatusKind::kForked, "", 0);
  char go = 0;
  return read(plan.status, &go, 1) == 1;
}

bool NewCgroupNamespace(const Plan&) { return unshare(CLONE_NEWCGROUP) == 0; }

bool EnterNamespaces(const Plan& plan) {
  return setns(plan.host,
               CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP | CLONE_NEWNET) == 0;
}

// Whose user made the namespace may enter it, and has every capability in it until they are
// dropped.
bool EnterUserNamespace(const Plan& plan) { return setns(plan.host, CLONE_NEWUSER) == 0; }

bool PlaceGuestDescriptors(const Plan& plan) {
  int standard[3];
  for (int i = 0; i < 3; ++i) {
    standard[i] = fcntl(plan.standard[i], F_DUPFD_CLOEXEC, kStatusInside + 1);
    if (standard[i] < 0) return false;
  }
  for (int i = 0; i < 3; ++i) {
    if (dup2(standard[i], i) < 0) return false;
  }
  if (plan.terminal && ioctl(STDIN_FILENO, TIOCSCTTY, 0) != 0) return false;
  if (chdir("/code") != 0 && chdir("/") != 0) return false;  // An image has no /code.
  if (dup3(plan.status, kStatusInside, O_CLOEXEC) < 0) return false;
  return syscall(SYS_close_range, kChannelInside, kChannelInside, 0) == 0 &&
         syscall(SYS_close_range, kStatusInside + 1, ~0U, 0) == 0;
}

struct Step {
  const char* name;
  bool (*run)(const Plan& plan);
};

// Every step is mandatory.  The order matters; README.md says what each stands for.
constexpr Step kSteps[] = {
    {"be pid 1 of a new pid namespace", IsPidOne},
    {"reset signals, new session", ResetSignals},
    {"join the cgroups", JoinCgroups},
    {"new mount, ipc, uts and cgroup namespaces", NewNamespaces},
    {"enter the network namespace", EnterNetwork},
    {"name the host", NameHost},
    {"mount the code at /code", AttachCode},
    {"mount a tmpfs at /tmp", AttachTmp},
    {"mount the layers at /opt", AttachLayers},
    {"mount the name servers at /etc/resolv.conf", AttachNames},
    {"enter the image's root", EnterImage},
    {"mount /proc", AttachProc},
    {"prefer the sandbox when memory is short", PreferForOom},
    {"limit resources", LimitResources},
    {"become an unprivileged user", BecomeUnprivileged},
    {"new user namespace", NewUserNamespace},
    {"drop all capabilities", DropCapabilities},
    {"forbid new privileges", ForbidNewPrivileges},
    {"filter system calls", FilterSystemCalls},
    {"place descriptors and close all others", PlaceDescriptors},
};

// Signals stay as the user's code has set them, limits, user and user namespace as they are.
constexpr Step kForkedSteps[] = {
    {"be pid 1 of a new pid namespace", IsPidOne},
    {"join the cgroups", JoinCgroups},
    {"new mount, ipc, uts and network namespaces", NewNamespacesOfForked},
    {"wait for the server", WaitForServer},
    {"new cgroup namespace", NewCgroupNamespace},
    {"drop all capabilities", DropCapabilities},
    {"filter system calls", FilterSystemCalls},
    {"place descriptors and close all others", PlaceDescriptors},
};

// A guest's: it enters what a sandbox's own first process made, and drops the same.
constexpr Step kGuestSteps[] = {
    {"reset signals, new session", ResetSignals},
    {"join the cgroups", JoinCgroups},
    {"prefer the sandbox when memory is short", PreferForOom},
    {"limit resources", LimitResources},
    {"enter the sandbox's namespaces", EnterNamespaces},
    {"become an unprivileged user", BecomeUnprivileged},
    {"enter the sandbox's user namespace", EnterUserNamespace},
    {"drop all capabilities", DropCapabilities},
    {"forbid new privileges", ForbidNewPrivileges},
    {"place descriptors and close all others", PlaceGuestDescriptors},
    {"filter system calls", FilterSystemCalls},
};

const char* RunAll(std::span<const Step> steps, const Plan& plan) {
  for (const Step& step : steps) {
    if (!step.run(plan)) return step.name;
  }
  return nullptr;
}

}  // namespace

int MakeProc() {
  const auto fs = static_cast<int>(syscall(SYS_fsopen, "proc", FSOPEN_CLOEXEC));
  if (fs < 0 || syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) != 0) return -1;
  const unsigned flags =
      MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
  return static_cast<int>(syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC, flags));
}

const char* Confine(const Plan& plan) { return RunAll(kSteps, plan); }

const char* ConfineForked(const Plan& plan) { return RunAll(kForkedSteps, plan); }

const char* ConfineGuest(const Plan& plan) { return RunAll(kGuestSteps, plan); }

}  // namespace ebb::sandbox
