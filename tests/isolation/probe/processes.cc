// Other processes: those of the host, of other sandboxes, and the helper that forked this one.
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <initializer_list>

#include "probe.h"

namespace probe {
namespace {

constexpr const char* kProcesses = "processes";

char target[] = "a place that parent and child have at the same address";

std::string ReadMemory() {
  char here[sizeof target];
  const iovec ours{here, sizeof here};
  const iovec theirs{target, sizeof target};
  return Outcome(Raw(SYS_process_vm_readv, getppid(), At(&ours), 1, At(&theirs), 1, 0));
}

std::string WriteMemory() {
  const iovec both{target, sizeof target};
  return Outcome(Raw(SYS_process_vm_writev, getppid(), At(&both), 1, At(&both), 1, 0));
}

std::string BeTraced() { return Outcome(Raw(SYS_ptrace, PTRACE_TRACEME, 0, 0, 0)); }

// A child of this process, so that nobody else is stopped where it works.
std::string Trace(long how) {
  const pid_t child = fork();
  if (child == 0) {
    pause();
    _exit(0);
  }
  const std::string outcome = Outcome(Raw(SYS_ptrace, how, child, 0, 0));
  kill(child, SIGKILL);
  waitpid(child, nullptr, __WALL);
  return outcome;
}
std::string AttachTo() { return Trace(PTRACE_ATTACH); }
std::string Seize() { return Trace(PTRACE_SEIZE); }

std::string TakeDescriptor() {
  const long of = Raw(SYS_pidfd_open, getppid(), 0);
  return of < 0 ? ErrorName(errno) : Outcome(Raw(SYS_pidfd_getfd, of, 0, 0));
}

std::string AdviseOnMemory() {
  const long of = Raw(SYS_pidfd_open, getppid(), 0);
  return of < 0 ? ErrorName(errno) : Outcome(Raw(SYS_process_madvise, of, 0, 0, 20, 0));
}

std::string ReleaseMemory() {
  const long of = Raw(SYS_pidfd_open, getppid(), 0);
  return of < 0 ? ErrorName(errno) : Outcome(Raw(SYS_process_mrelease, of, 0));
}

// `act` on each process outside that the suite named, by its number on the host.
std::string OnOutsiders(long (*act)(pid_t)) {
  for (const char* name : {"outsider_pid", "server_pid"}) {
    const auto pid = static_cast<pid_t>(NumberSetting(name));
    if (pid <= 0) return "nobody to try it on";
    if (act(pid) >= 0) return Possible(name);
    if (errno != ESRCH) return ErrorName(errno);
  }
  return "ESRCH";
}

std::string SignalOutsiders() {
  return OnOutsiders([](pid_t pid) { return static_cast<long>(kill(pid, 0)); });
}
std::string SignalGroupsOutside() {
  return OnOutsiders([](pid_t pid) { return static_cast<long>(kill(-pid, 0)); });
}
std::string OpenOutsiders() {
  return OnOutsiders([](pid_t pid) { return Raw(SYS_pidfd_open, pid, 0); });
}
std::string QueueSignalOutside() {
  return OnOutsiders([](pid_t pid) {
    siginfo_t about{};
    about.si_code = SI_QUEUE;
    return Raw(SYS_rt_sigqueueinfo, pid, 0, At(&about));
  });
}
std::string LimitOutsiders() {
  return OnOutsiders([](pid_t pid) {
    rlimit got{};
    return Raw(SYS_prlimit64, pid, RLIMIT_NOFILE, 0, At(&got));
  });
}
std::string MoveOutsiders() {
  return OnOutsiders([](pid_t pid) {
    cpu_set_t set;
    return static_cast<long>(sched_getaffinity(pid, sizeof set, &set));
  });
}
std::string SlowOutsiders() {
  return OnOutsiders([](pid_t pid) {
    errno = 0;
    const int nice = getpriority(PRIO_PROCESS, static_cast<id_t>(pid));
    return errno != 0 ? -1L
                      : static_cast<long>(setpriority(PRIO_PROCESS, static_cast<id_t>(pid), nice));
  });
}
std::string FindSessionsOutside() {
  return OnOutsiders([](pid_t pid) { return static_cast<long>(getsid(pid)); });
}

// The helper that forked the sandbox is outside of its pid namespace: number 0.
std::string FindParentOfInit() {
  const std::string status = ReadFile("/proc/1/status");
  const std::size_t at = status.find("PPid:\t");
  if (at == std::string::npos) return "no status";
  return status.substr(at + 6, 2) == "0\n" ? std::string(kNone) : std::string(kPossible);
}

}  // namespace

std::vector<Attack> ProcessAttacks() {
  return {
      {kProcesses, "reads another process's memory", "its secrets", ReadMemory, "EPERM"},
      {kProcesses, "writes another process's memory", "its rights", WriteMemory, "EPERM"},
      {kProcesses, "lets itself be traced", "calls changed after the filter saw them", BeTraced,
       "EPERM"},
      {kProcesses, "attaches to a process", "the same", AttachTo, "EPERM"},
      {kProcesses, "seizes a process", "the same", Seize, "EPERM"},
      {kProcesses, "takes a descriptor out of a process", "its files and sockets", TakeDescriptor,
       "ENOSYS"},
      {kProcesses, "gives advice on another process's memory", "its pages thrown out",
       AdviseOnMemory, "ENOSYS", Outside::kNotRefused},
      {kProcesses, "releases another process's memory", "the same", ReleaseMemory, "ENOSYS",
       Outside::kNotRefused},
      {kProcesses, "signals processes of the host", "the server, ended", SignalOutsiders, "ESRCH"},
      {kProcesses, "signals process groups of the host", "the same", SignalGroupsOutside, "ESRCH"},
      {kProcesses, "opens processes of the host by pidfd", "the same", OpenOutsiders, "ESRCH"},
      {kProcesses, "queues signals to processes of the host", "the same", QueueSignalOutside,
       "ESRCH"},
      {kProcesses, "reads limits of processes of the host", "a step to setting them",
       LimitOutsiders, "ESRCH"},
      {kProcesses, "finds where processes of the host run", "a step to moving them", MoveOutsiders,
       "ESRCH"},
      {kProcesses, "sets the priority of processes of the host", "the server, slowed",
       SlowOutsiders, "ESRCH"},
      {kProcesses, "finds sessions of the host", "what runs there", FindSessionsOutside, "ESRCH"},
      {kProcesses, "finds the helper that forked it", "a process with all rights", FindParentOfInit,
       "none", Outside::kNever, "the suite's own first process has none either"},
  };
}

}  // namespace probe
