#include "sandbox/seccomp_filter.h"

#include <linux/sched.h>
#include <netinet/in.h>
#include <seccomp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <set>

#include "base/fd.h"
#include "base/file.h"
#include "sandbox/seccomp_exceptions.h"
#include "sandbox/wire.h"

namespace ebb::sandbox {
namespace {

// Everything an ordinary program needs.  What is missing on purpose: mount and its kin, setns,
// unshare, chroot, pivot_root, ptrace and process_vm_*, kcmp, pidfd_getfd, keyctl and its kin, bpf,
// perf_event_open, io_uring_* and io_setup (its limit is the whole host's), userfaultfd, module and
// kexec calls, reboot, swapon, the setting of clocks, open_by_handle_at, fanotify, iopl,
// modify_ldt, quotactl, acct, syslog, vhangup.
constexpr const char* kAllowed[] = {
    // Files
    "access", "chdir", "chmod", "chown", "close", "close_range", "copy_file_range", "creat", "dup",
    "dup2", "dup3", "faccessat", "faccessat2", "fadvise64", "fallocate", "fchdir", "fchmod",
    "fchmodat", "fchown", "fchownat", "fcntl", "fgetxattr", "flistxattr", "flock", "fremovexattr",
    "fsetxattr", "fstat", "fstatfs", "ftruncate", "futimesat", "getcwd", "getdents", "getdents64",
    "getxattr", "inotify_add_watch", "inotify_init", "inotify_init1", "inotify_rm_watch", "ioctl",
    "lchown", "lgetxattr", "link", "linkat", "listxattr", "llistxattr", "lremovexattr", "lseek",
    "lsetxattr", "lstat", "mkdir", "mkdirat", "mknod", "mknodat", "newfstatat", "open", "openat",
    "openat2", "pread64", "preadv", "preadv2", "pwrite64", "pwritev", "pwritev2", "read",
    "readahead", "readlink", "readlinkat", "readv", "removexattr", "rename", "renameat",
    "renameat2", "rmdir", "sendfile", "setxattr", "splice", "stat", "statfs", "statx", "symlink",
    "symlinkat", "tee", "truncate", "umask", "unlink", "unlinkat", "utime", "utimensat", "utimes",
    "vmsplice", "write", "writev",
    // Waiting
    "epoll_create", "epoll_create1", "epoll_ctl", "epoll_ctl_old", "epoll_pwait", "epoll_pwait2",
    "epoll_wait", "epoll_wait_old", "eventfd", "eventfd2", "pipe", "pipe2", "poll", "ppoll",
    "pselect6", "select", "signalfd", "signalfd4", "timerfd_create", "timerfd_gettime",
    "timerfd_settime",
    // Sockets; socket and socketpair are limited by family, type and protocol below
    "accept", "accept4", "bind", "connect", "getpeername", "getsockname", "getsockopt", "listen",
    "recvfrom", "recvmmsg", "recvmsg", "sendmmsg", "sendmsg", "sendto", "setsockopt", "shutdown",
    // Memory
    "brk", "get_mempolicy", "madvise", "membarrier", "memfd_create", "mincore", "mlock", "mlock2",
    "mlockall", "mmap", "mprotect", "mremap", "msync", "munlock", "munlockall", "munmap",
    "pkey_alloc", "pkey_free", "pkey_mprotect", "remap_file_pages",
    // Processes and threads; clone is limited by flags below
    "arch_prctl", "capget", "capset", "execve", "execveat", "exit", "exit_group", "fork", "futex",
    "get_robust_list", "get_thread_area", "getcpu", "getegid", "geteuid", "getgid", "getgroups",
    "getpgid", "getpgrp", "getpid", "getppid", "getpriority", "getresgid", "getresuid", "getrlimit",
    "getrusage", "getsid", "gettid", "getuid", "ioprio_get", "ioprio_set", "kill", "pause",
    "pidfd_open", "pidfd_send_signal", "prctl", "prlimit64", "restart_syscall", "rseq",
    "rt_sigaction", "rt_sigpending", "rt_sigprocmask", "rt_sigqueueinfo", "rt_sigreturn",
    "rt_sigsuspend", "rt_sigtimedwait", "rt_tgsigqueueinfo", "sched_get_priority_max",
    "sched_get_priority_min", "sched_getaffinity", "sched_getattr", "sched_getparam",
    "sched_getscheduler", "sched_rr_get_interval", "sched_setaffinity", "sched_setattr",
    "sched_setparam", "sched_setscheduler", "sched_yield", "set_robust_list", "set_thread_area",
    "set_tid_address", "setfsgid", "setfsuid", "setgid", "setgroups", "setpgid", "setpriority",
    "setregid", "setresgid", "setresuid", "setreuid", "setrlimit", "setsid", "setuid",
    "sigaltstack", "tgkill", "time", "times", "tkill", "vfork", "wait4", "waitid",
    // Clocks and timers, reading only
    "alarm", "clock_getres", "clock_gettime", "clock_nanosleep", "getitimer", "gettimeofday",
    "nanosleep", "setitimer", "timer_create", "timer_delete", "timer_getoverrun", "timer_gettime",
    "timer_settime",
    // The rest
    "getrandom", "mq_getsetattr", "mq_notify", "mq_open", "mq_timedreceive", "mq_timedsend",
    "mq_unlink", "msgctl", "msgget", "msgrcv", "msgsnd", "semctl", "semget", "semop", "semtimedop",
    "shmat", "shmctl", "shmdt", "shmget", "sysinfo", "uname"};

// Answered without the kernel, as done: the only files that can be written are /tmp's, in memory.
// What the kernel would write out are the host's disks, for all of it to wait for.
constexpr const char* kPretended[] = {"sync", "syncfs", "fsync", "fdatasync", "sync_file_range"};

constexpr scmp_datum_t kNamespaceFlags = CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER |
                                         CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWCGROUP;

// From here on (pidfd_send_signal) programs ask for calls that the kernel may not have and live
// with ENOSYS, but not with EPERM.
constexpr int kFirstModernCall = 424;
constexpr int kBeyondLastCall = 512;

class Rules {
 public:
  explicit Rules(scmp_filter_ctx context) : context_(context) {}

  void Add(std::uint32_t action, int call, std::initializer_list<scmp_arg_cmp> when = {}) {
    if (failed_ != 0) return;
    failed_ = seccomp_rule_add_array(context_, action, call, static_cast<unsigned>(when.size()),
                                     when.begin());
  }
  void Set(scmp_filter_attr attribute, std::uint32_t value) {
    if (failed_ == 0) failed_ = seccomp_attr_set(context_, attribute, value);
  }
  int failed() const { return failed_; }

 private:
  scmp_filter_ctx context_;
  int failed_ = 0;
};

int Number(const char* name) { return seccomp_syscall_resolve_name(name); }

scmp_arg_cmp Is(unsigned argument, scmp_datum_t value) {
  return scmp_arg_cmp{argument, SCMP_CMP_EQ, value, 0};
}

// Of the type, beside its flags.
scmp_arg_cmp IsType(int type) {
  constexpr scmp_datum_t kFlags = SOCK_CLOEXEC | SOCK_NONBLOCK;
  return scmp_arg_cmp{1, SCMP_CMP_MASKED_EQ, ~kFlags, static_cast<scmp_datum_t>(type)};
}

// Unix sockets, TCP and UDP.  Of the internet families there are others (SCTP, DCCP, MPTCP, ...):
// the kernel would load modules for them, which few have looked at.
void AddSockets(Rules& rules) {
  for (const int type : {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET}) {
    for (const scmp_datum_t protocol : {scmp_datum_t{0}, scmp_datum_t{PF_UNIX}}) {
      for (const char* name : {"socket", "socketpair"}) {
        rules.Add(SCMP_ACT_ALLOW, Number(name), {Is(0, AF_UNIX), IsType(type), Is(2, protocol)});
      }
    }
  }
  for (const scmp_datum_t family : {scmp_datum_t{AF_INET}, scmp_datum_t{AF_INET6}}) {
    for (const auto& [type, own] :
         {std::pair{SOCK_STREAM, IPPROTO_TCP}, {SOCK_DGRAM, IPPROTO_UDP}}) {
      for (const scmp_datum_t protocol : {scmp_datum_t{0}, static_cast<scmp_datum_t>(own)}) {
        rules.Add(SCMP_ACT_ALLOW, Number("socket"), {Is(0, family), IsType(type), Is(2, protocol)});
      }
    }
  }
}

void AddAll(Rules& rules) {
  // A binary tree: 20 ns a call instead of a walk through the list.
  rules.Set(SCMP_FLTATR_CTL_OPTIMIZE, 2);
  rules.Set(SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
  std::set<int> known;
  for (const char* name : kAllowed) {
    const int call = Number(name);
    rules.Add(SCMP_ACT_ALLOW, call);
    known.insert(call);
  }
  for (const char* name : kPretended) rules.Add(SCMP_ACT_ERRNO(0), Number(name));
  AddSockets(rules);
  rules.Add(SCMP_ACT_ALLOW, Number("clone"),
            {scmp_arg_cmp{0, SCMP_CMP_MASKED_EQ, kNamespaceFlags, 0}});
  // Reading the personality, and setting the ordinary one.
  rules.Add(SCMP_ACT_ALLOW, Number("personality"), {Is(0, 0)});
  rules.Add(SCMP_ACT_ALLOW, Number("personality"), {Is(0, 0xffffffff)});
  // Among them clone3, whose flags lie in memory where no filter can see them: libc then uses
  // clone.
  for (int call = kFirstModernCall; call < kBeyondLastCall; ++call) {
    if (!known.contains(call)) rules.Add(SCMP_ACT_ERRNO(ENOSYS), call);
  }
}

// unshare(2) and setns(2) say in a register what they are to do, so a filter can see it.
void AddForking(Rules& rules) {
  for (const scmp_datum_t flags : {scmp_datum_t{CLONE_NEWPID}, scmp_datum_t{kInstanceNamespaces},
                                   scmp_datum_t{CLONE_NEWCGROUP}}) {
    rules.Add(SCMP_ACT_ALLOW, Number("unshare"), {Is(0, flags)});
  }
  // Where the next child goes: the kernel allows the own pid namespace and those below it.
  rules.Add(SCMP_ACT_ALLOW, Number("setns"), {Is(1, CLONE_NEWPID)});
}

}  // namespace

Result<std::string> MakeSystemCallFilter(FilterFor whom) {
  const std::unique_ptr<void, decltype(&seccomp_release)> context(
      seccomp_init(SCMP_ACT_ERRNO(EPERM)), &seccomp_release);
  if (!context) return Fail(Error::Unavailable("seccomp_init failed"));
  Rules rules(context.get());
  AddAll(rules);
  if (whom == FilterFor::kTemplate) AddForking(rules);
  if (rules.failed() != 0) return Fail(Error::System("seccomp rules", -rules.failed()));
  // libseccomp writes to a descriptor only; a pipe holds 64 KiB, a program at most 32.
  int ends[2];
  if (pipe(ends) != 0) return Fail(Error::System("pipe", errno));
  const base::Fd from(ends[0]);
  base::Fd to(ends[1]);
  const int exported = seccomp_export_bpf(context.get(), to.get());
  if (exported != 0) return Fail(Error::System("seccomp_export_bpf", -exported));
  to.Reset();
  std::string program(65536, '\0');
  const ssize_t size = read(from.get(), program.data(), program.size());
  if (size <= 0) return Fail(Error::System("read the filter", errno));
  program.resize(static_cast<std::size_t>(size));
  const std::vector<sock_filter> exceptions = MakeExceptions();
  return std::string(reinterpret_cast<const char*>(exceptions.data()),
                     exceptions.size() * sizeof exceptions[0]) +
         program;
}

}  // namespace ebb::sandbox
