// Users, capabilities and limits: more rights than a function was given.
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/prctl.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>

#include "probe.h"

namespace probe {
namespace {

constexpr const char* kRights = "rights";
constexpr const char* kLimits = "limits";

std::string BecomeRoot() { return Outcome(Raw(SYS_setuid, 0)); }
std::string BecomeRootAll() { return Outcome(Raw(SYS_setresuid, 0, 0, 0)); }
std::string BecomeRootsGroup() { return Outcome(Raw(SYS_setresgid, 0, 0, 0)); }
std::string JoinGroups() {
  const gid_t root = 0;
  return Outcome(Raw(SYS_setgroups, 1, At(&root)));
}
std::string BecomeOther() { return Outcome(Raw(SYS_setresuid, 1, 1, 1)); }
// setfsuid says who one was; the second call, whether it worked.
std::string BecomeOtherForFiles() {
  const long before = Raw(SYS_setfsuid, 1);
  return Raw(SYS_setfsuid, -1) == before ? std::string(kNone) : std::string(kPossible);
}

using Capabilities = std::array<__user_cap_data_struct, 2>;

long SetCapabilities(const Capabilities& wanted) {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  return Raw(SYS_capset, At(&header), At(wanted.data()));
}

std::string TakeCapabilities() {
  Capabilities wanted{};
  constexpr auto kAdmin = static_cast<unsigned>(CAP_SYS_ADMIN);
  wanted[0].effective = wanted[0].permitted = 1U << kAdmin;
  return Outcome(SetCapabilities(wanted));
}

std::string InheritCapabilities() {
  constexpr unsigned kAdmin = CAP_NET_ADMIN;
  Capabilities wanted{};
  wanted[0].permitted = wanted[0].inheritable = wanted[0].effective = 1U << kAdmin;
  if (SetCapabilities(wanted) < 0) return ErrorName(errno);
  return Outcome(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, kAdmin, 0, 0));
}

std::string RaiseAmbient() {
  // NOLINTNEXTLINE(bugprone-branch-clone)
  return Outcome(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_NET_RAW, 0, 0));
}

std::string ValueOf(const std::string& status, const std::string& key) {
  const std::size_t at = status.find("\n" + key + ":\t");
  if (at == std::string::npos) return "";
  const std::size_t begin = at + key.size() + 3;
  return status.substr(begin, status.find('\n', begin) - begin);
}

// "none" if this status is that of a process which holds nothing and can gain nothing.
std::string Judge(const std::string& status) {
  for (const char* set : {"CapInh", "CapPrm", "CapEff", "CapAmb"}) {
    if (ValueOf(status, set) != "0000000000000000") return Possible(set);
  }
  if (ValueOf(status, "NoNewPrivs") != "1") return Possible("new privileges are not forbidden");
  if (ValueOf(status, "Seccomp") != "2") return Possible("system calls are not filtered");
  if (ValueOf(status, "Uid").find("\t0") != std::string::npos) return Possible("is root");
  return std::string(kNone);
}

std::string HoldCapabilities() { return Judge(ReadFile("/proc/self/status")); }

// Runs `path` with one argument and gives back what it prints.
std::string OutputOf(int program, const std::string& path, const char* argument) {
  int ends[2];
  if (pipe(ends) != 0) return "";
  const pid_t child = fork();
  if (child == 0) {
    dup2(ends[1], STDOUT_FILENO);
    const char* arguments[] = {"probe", argument, nullptr};
    const char* environment[] = {nullptr};
    Raw(SYS_execveat, program, At(path.c_str()), At(static_cast<const void*>(arguments)),
        At(static_cast<const void*>(environment)), path.empty() ? AT_EMPTY_PATH : 0);
    _exit(1);
  }
  close(ends[1]);
  std::string said;
  char piece[4096];
  for (ssize_t size = 0; (size = read(ends[0], piece, sizeof piece)) > 0;) {
    said.append(piece, static_cast<std::size_t>(size));
  }
  close(ends[0]);
  waitpid(child, nullptr, 0);
  return said;
}

// The probe as a program, wherever this runs.
std::string OwnProgram(const char* inside) {
  return access(inside, R_OK) == 0 ? inside : "/proc/self/exe";
}

// A copy of this program, set-user-id, which root's would make root of anybody.
std::string RunSetUserId() {
  const std::string status = OutputOf(AT_FDCWD, OwnProgram("/code/suid-root"), "still-confined");
  return status.empty() ? std::string("cannot be run") : Judge(status);
}

std::string RunFromMemory() {
  const int program = memfd_create("hidden", 0);
  if (program < 0) return ErrorName(errno);
  const int own = open(OwnProgram("/code/probe").c_str(), O_RDONLY | O_CLOEXEC);
  struct stat about{};
  fstat(own, &about);
  for (off_t at = 0; at < about.st_size;) {
    char piece[65536];
    const ssize_t size = pread(own, piece, sizeof piece, at);
    if (size <= 0 || write(program, piece, static_cast<std::size_t>(size)) != size) return "copy";
    at += size;
  }
  const std::string status = OutputOf(program, "", "still-confined");
  return status.empty() ? std::string("cannot be run") : Judge(status);
}

std::string GiveFileCapabilities() {
  const std::string path = "/tmp/probe-capable";
  close(open(path.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0700));
  // vfs_cap_data of revision 2, with CAP_SYS_ADMIN permitted and effective.
  const std::uint32_t capable[5] = {0x02000001, 1U << 21, 0, 0, 0};
  const int set = setxattr(path.c_str(), "security.capability", capable, sizeof capable, 0);
  const std::string outcome = Outcome(set);
  unlink(path.c_str());
  return outcome;
}

std::string ChangeSecureBits() { return Outcome(prctl(PR_SET_SECUREBITS, 1, 0, 0, 0)); }

std::string AllowNewPrivileges() {
  if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1) return Possible("they are allowed");
  return Outcome(prctl(PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0));
}

std::string MoveHeap() { return Outcome(prctl(PR_SET_MM, PR_SET_MM_BRK, Raw(SYS_brk, 0), 0, 0)); }

std::string MoveExecutable() {
  const int other = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
  return Outcome(prctl(PR_SET_MM, PR_SET_MM_EXE_FILE, other, 0, 0));
}

std::string ListenToFilter() {
  sock_filter allow{BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW};
  sock_fprog program{1, &allow};
  return Outcome(
      Raw(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, At(&program)));
}

std::string StopRandomAddresses() { return Outcome(Raw(SYS_personality, ADDR_NO_RANDOMIZE)); }
std::string MakeAllExecutable() { return Outcome(Raw(SYS_personality, READ_IMPLIES_EXEC)); }

template <int kWhich>
std::string RaiseLimit() {
  constexpr auto kLimit = static_cast<__rlimit_resource>(kWhich);
  rlimit limit{};
  if (getrlimit(kLimit, &limit) != 0) return ErrorName(errno);
  if (limit.rlim_max == RLIM_INFINITY) return Possible("it is unlimited");
  const rlimit wanted{limit.rlim_max + 1, limit.rlim_max + 1};
  if (setrlimit(kLimit, &wanted) != 0) return ErrorName(errno);
  rlimit got{};
  getrlimit(kLimit, &got);
  return got.rlim_max == limit.rlim_max ? "pretended" : std::string(kPossible);
}

// With a limit of 0 a crash still starts the host's crash handler, as root on the host, if
// core_pattern names one; with 1 it does not (fs/coredump.c).
template <long kCall>
std::string AllowCrashHandler() {
  const rlimit none{0, 0};
  const long set = kCall == SYS_prlimit64 ? Raw(kCall, 0, RLIMIT_CORE, At(&none), 0)
                                          : Raw(kCall, RLIMIT_CORE, At(&none));
  rlimit limit{};
  getrlimit(RLIMIT_CORE, &limit);
  if (limit.rlim_cur != 1 || limit.rlim_max != 1) return Possible("it would be run");
  return set == 0 ? "pretended" : ErrorName(errno);
}

std::string RaiseNice() {
  errno = 0;
  return Outcome(setpriority(PRIO_PROCESS, 0, -20));
}
std::string RunAsRealTime() {
  const sched_param urgent{1};
  return Outcome(Raw(SYS_sched_setscheduler, 0, SCHED_FIFO, At(&urgent)));
}
std::string ReadDisksFirst() {
  constexpr int kRealTime = 1 << 13;  // IOPRIO_CLASS_RT, from linux/ioprio.h.
  return Outcome(Raw(SYS_ioprio_set, 1, 0, kRealTime));
}

std::string AvoidOutOfMemoryKiller() {
  const int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
  if (fd < 0) return ErrorName(errno);
  return Outcome(write(fd, "-1000", 5));
}

}  // namespace

std::vector<Attack> PrivilegeAttacks() {
  return {
      {kRights, "becomes root by setuid", "every file and every process of the machine", BecomeRoot,
       "EINVAL|EPERM"},
      {kRights, "becomes root by setresuid", "the same", BecomeRootAll, "EINVAL|EPERM"},
      {kRights, "becomes root's group", "files that root's group may read", BecomeRootsGroup,
       "EINVAL|EPERM"},
      {kRights, "joins root's group", "the same", JoinGroups, "EPERM|EINVAL"},
      {kRights, "becomes another user", "what another sandbox owns", BecomeOther, "EINVAL|EPERM"},
      {kRights, "becomes another user for files", "the same", BecomeOtherForFiles, "none"},
      {kRights, "takes capabilities by capset", "powers of root, one by one", TakeCapabilities,
       "EPERM"},
      {kRights, "hands capabilities to a program it runs", "the same, a step later",
       InheritCapabilities, "EPERM"},
      {kRights, "raises an ambient capability", "the same", RaiseAmbient, "EPERM", Outside::kNever,
       "root, too, must make it inheritable first, as the attack above does"},
      {kRights, "holds a capability, or may gain one", "a step of confinement that was left out",
       HoldCapabilities, "none"},
      {kRights, "runs a set-user-id program of its package", "root by a file's mode", RunSetUserId,
       "none"},
      {kRights, "runs a program that lies only in memory", "a start that confinement missed",
       RunFromMemory, "none"},
      {kRights, "gives a file capabilities", "a program that has them when run",
       GiveFileCapabilities, "EPERM"},
      {kRights, "changes its secure bits", "capabilities kept over a change of user",
       ChangeSecureBits, "EPERM"},
      {kRights, "allows itself new privileges again", "set-user-id programs", AllowNewPrivileges,
       "EINVAL"},
      {kRights, "moves the borders of its memory by prctl", "PR_SET_MM, which had bugs", MoveHeap,
       "EPERM", Outside::kPossibleWithSysResource},
      {kRights, "changes what /proc shows as its program", "a disguise", MoveExecutable,
       "EPERM|EINVAL|EACCES", Outside::kNever, "programs of today may not"},
      {kRights, "answers its children's system calls by a filter of its own",
       "seccomp's user notification", ListenToFilter, "EPERM"},
      {kRights, "turns off random addresses", "set-user-id programs at known places",
       StopRandomAddresses, "EPERM"},
      {kRights, "makes all that is readable executable", "the same", MakeAllExecutable, "EPERM"},
      {kLimits, "raises its limit of open files", "more of the kernel's memory",
       RaiseLimit<RLIMIT_NOFILE>, "EPERM", Outside::kPossibleWithSysResource},
      {kLimits, "raises its limit of core files", "a crash that writes to the host's disk",
       RaiseLimit<RLIMIT_CORE>, "pretended", Outside::kNever, "root's is unlimited"},
      {kLimits, "lets a crash start the host's crash handler",
       "a program that runs as root on the host, and reads what the function gives it",
       AllowCrashHandler<SYS_setrlimit>, "pretended"},
      {kLimits, "lets a crash start the host's crash handler, by prlimit", "the same",
       AllowCrashHandler<SYS_prlimit64>, "pretended"},
      {kLimits, "raises its priority", "processor time that others are due", RaiseNice,
       "EPERM|EACCES"},
      {kLimits, "runs as real time", "the same, all of it", RunAsRealTime, "EPERM"},
      {kLimits, "reads disks before all others", "the same for disks", ReadDisksFirst, "EPERM"},
      {kLimits, "is spared when memory is short", "the host's own programs killed instead",
       AvoidOutOfMemoryKiller, "EROFS|EACCES|EPERM", Outside::kPossibleWithSysResource},
  };
}

}  // namespace probe
