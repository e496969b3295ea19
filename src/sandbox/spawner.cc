#include "sandbox/spawner.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <vector>

#include "egress/forwarding.h"
#include "sandbox/cgroup_sweep.h"
#include "sandbox/confine.h"
#include "sandbox/helper.h"
#include "sandbox/template_root.h"

namespace ebb::sandbox {
namespace {

constexpr int kZygoteControl = 3;    // Known to zygote.py.
constexpr int kZygoteOuterProc = 4;  // Known to zygote.py.

// A /proc of this pid namespace that is mounted nowhere: children reach their own folder in it
// without any sandbox seeing it.
int MakeOuterProc() {
  const auto fs = static_cast<int>(syscall(SYS_fsopen, "proc", FSOPEN_CLOEXEC));
  if (fs < 0 || syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) != 0) return -1;
  const auto mount = static_cast<int>(syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC, 0));
  close(fs);
  return mount;
}

// What the server would leave behind, to be swept when it is gone.
struct Tree {
  std::string name;
  std::vector<base::Fd> folders;
  base::Fd forwarding_debt;
};

void Prepare(Helper& helper, Tree& tree) {
  tree.name = helper.text() + strlen(helper.text()) + 1;
  for (unsigned i = 0; i < helper.order().join_count; ++i) {
    tree.folders.emplace_back(helper.TakeFd(kStatusFd + 1 + static_cast<int>(i)));
  }
  if (helper.order().forwarding_debts > 0) {
    const auto last = static_cast<int>(helper.order().join_count);
    tree.forwarding_debt = base::Fd(helper.TakeFd(kStatusFd + 1 + last));
  }
  if (auto entered = EnterTemplateRoot(helper.text()); !entered) {
    helper.Answer(StatusKind::kFailed, entered.error().message().c_str(), 0);
    return;
  }
  if (!helper.LoadFilters()) {
    helper.Answer(StatusKind::kFailed, "read the system call filter", errno);
    return;
  }
  helper.Answer(StatusKind::kDone, "", 0);
}

// In the child that becomes the zygote.  Its status socket closes by itself when exec succeeds.
[[noreturn]] void BecomeZygote(int status, int control, int outer_proc) {
  control = fcntl(control, F_DUPFD_CLOEXEC, 16);
  outer_proc = fcntl(outer_proc, F_DUPFD_CLOEXEC, 16);
  status = fcntl(status, F_DUPFD_CLOEXEC, 16);
  if (dup2(control, kZygoteControl) < 0 || dup2(outer_proc, kZygoteOuterProc) < 0) _exit(1);
  prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  // Debian's own Python, whatever PATH says; no site packages, no environment, no user folder.
  const char* arguments[] = {"/usr/bin/python3",      "-I",   "-S", "-E",
                             "/ebb/python/zygote.py", nullptr};
  const char* environment[] = {"LANG=C.UTF-8", "PATH=/usr/bin:/bin", "LD_LIBRARY_PATH=/opt/lib",
                               nullptr};
  execve(arguments[0], const_cast<char**>(arguments), const_cast<char**>(environment));
  SendStatus(status, StatusKind::kFailed, "run /usr/bin/python3", errno);
  _exit(1);
}

void StartZygote(Helper& helper, int outer_proc) {
  const int control = helper.TakeFd(1);
  const pid_t child = fork();
  if (child == 0) BecomeZygote(helper.TakeFd(kStatusFd), control, outer_proc);
  if (child < 0) helper.Answer(StatusKind::kFailed, "fork", errno);
  close(control);
}

// The strings of an order's text, as execve wants them.
std::vector<char*> Strings(const char*& text, std::uint32_t count) {
  std::vector<char*> strings;
  for (std::uint32_t i = 0; i < count; ++i) {
    strings.push_back(const_cast<char*>(text));
    text += strlen(text) + 1;
  }
  strings.push_back(nullptr);
  return strings;
}

// In the confined child: from here on everything is the function's.
[[noreturn]] void Become(Helper& helper) {
  const Order& order = helper.order();
  const char* text = helper.text();
  std::vector<char*> arguments = Strings(text, order.argument_count);
  std::vector<char*> environment = Strings(text, order.environment_count);
  const char* folder = order.image != 0 ? text : "/code";
  char go = 0;
  if (order.begin == Begin::kOnGo) {
    if (read(kChannelInside, &go, 1) != 1) _exit(1);
    close(kChannelInside);
  }
  if (chdir(folder) != 0) {
    const std::string what = std::string(arguments[0]) + " in the folder " + folder;
    SendStatus(kStatusInside, StatusKind::kFailed, what.c_str(), errno);
    _exit(127);
  }
  environ = environment.data();
  execvp(arguments[0], arguments.data());  // Looks in the new environment's PATH.
  SendStatus(kStatusInside, StatusKind::kFailed, arguments[0], errno);
  _exit(127);
}

void Enter(Helper& helper) {
  if (!helper.BeforeEntering()) return;
  const pid_t child = fork();
  if (child != 0) {
    helper.AfterEntering(child);
    return;
  }
  helper.ConfineGuestChild();
  Become(helper);
}

void Launch(Helper& helper) {
  if (!helper.BeforeFork()) return;
  const pid_t child = fork();
  if (child != 0) {
    helper.AfterForkInParent(child);
    return;
  }
  helper.ConfineChild();
  Become(helper);
}

// The detached mount is of the pid namespace of who makes it, so a child enters that first.
[[noreturn]] void MountProcInside(int status, int pidfd) {
  const int proc = MakeProc();
  const bool mounted =
      proc >= 0 && setns(pidfd, CLONE_NEWNS) == 0 &&
      syscall(SYS_move_mount, proc, "", AT_FDCWD, "/proc", MOVE_MOUNT_F_EMPTY_PATH) == 0;
  if (!mounted) SendStatus(status, StatusKind::kFailed, "mount /proc", errno);
  _exit(0);
}

// Told to be done when that process is gone: the sandbox's own would see it.
void MountProc(Helper& helper) {
  const int pidfd = helper.TakeFd(1);
  if (!helper.CanWatch()) {
    helper.Answer(StatusKind::kFailed, "too many processes have entered sandboxes", EBUSY);
  } else if (setns(pidfd, CLONE_NEWPID) != 0) {
    helper.Answer(StatusKind::kFailed, "enter the pid namespace", errno);
  } else {
    const pid_t child = fork();
    if (child == 0) MountProcInside(helper.TakeFd(kStatusFd), pidfd);
    const int why = errno;
    if (setns(helper.own_pid_namespace(), CLONE_NEWPID) != 0) _exit(1);
    if (child < 0) {
      helper.Answer(StatusKind::kFailed, "fork", why);
    } else {
      helper.Watch(child);
    }
  }
  close(pidfd);
}

}  // namespace

void RunSpawner(int control) {
  setsid();  // Ctrl-C in the server's terminal is the server's.
  const int outer_proc = MakeOuterProc();
  if (outer_proc < 0) _exit(1);
  const auto helper = std::make_unique<Helper>(control, outer_proc);
  Tree tree;
  while (helper->Receive()) {
    switch (helper->order().kind) {
      case OrderKind::kPrepare:
        Prepare(*helper, tree);
        break;
      case OrderKind::kZygote:
        StartZygote(*helper, outer_proc);
        break;
      case OrderKind::kLaunch:
        Launch(*helper);
        break;
      case OrderKind::kMountProc:
        MountProc(*helper);
        break;
      case OrderKind::kEnter:
        Enter(*helper);
        break;
    }
  }
  if (tree.forwarding_debt.valid()) {
    const base::Fd sysctl(openat(outer_proc, "sys/net/ipv4", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (sysctl.valid()) egress::PayForwardingDebt(tree.forwarding_debt, sysctl);
  }
  EndAllAndSweep(tree.name, tree.folders);
  _exit(0);
}

}  // namespace ebb::sandbox
