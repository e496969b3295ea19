// Parts of the kernel that no function needs: where its bugs have been, and what rules the machine.
#include <errno.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <linux/bpf.h>
#include <linux/fanotify.h>
#include <linux/io_uring.h>
#include <linux/kcmp.h>
#include <linux/keyctl.h>
#include <linux/perf_event.h>
#include <linux/reboot.h>
#include <sys/io.h>
#include <sys/mman.h>
#include <sys/quota.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

#include "probe.h"

namespace probe {
namespace {

constexpr const char* kKernel = "the kernel's corners";
constexpr const char* kMachine = "the machine";

std::string SessionKeyring() {
  return Outcome(Raw(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_THREAD_KEYRING, 1));
}
std::string AddKey() {
  return Outcome(Raw(SYS_add_key, At("user"), At("probe"), At("x"), 1, KEY_SPEC_THREAD_KEYRING));
}
std::string RequestKey() {
  return Outcome(Raw(SYS_request_key, At("user"), At("probe-none"), 0, 0));
}

std::string MakeBpfMap() {
  bpf_attr map{};
  map.map_type = BPF_MAP_TYPE_ARRAY;
  map.key_size = map.value_size = 4;
  map.max_entries = 1;
  return Outcome(Raw(SYS_bpf, BPF_MAP_CREATE, At(&map), sizeof map));
}

std::string OpenPerf() {
  perf_event_attr event{};
  event.size = sizeof event;
  event.type = PERF_TYPE_SOFTWARE;
  event.config = PERF_COUNT_SW_CPU_CLOCK;
  return Outcome(Raw(SYS_perf_event_open, At(&event), 0, -1, -1, 0));
}

std::string SetUpIoUring() {
  io_uring_params wanted{};
  return Outcome(Raw(SYS_io_uring_setup, 1, At(&wanted)));
}
std::string EnterIoUring() { return Outcome(Raw(SYS_io_uring_enter, -1, 1, 0, 0, 0, 0)); }

std::string SetUpAio() {
  aio_context_t context = 0;
  return Outcome(Raw(SYS_io_setup, 1, At(&context)));
}

std::string OpenUserfaultfd() { return Outcome(Raw(SYS_userfaultfd, O_CLOEXEC)); }

std::string NameToHandle() {
  struct {
    file_handle head;
    unsigned char bytes[128];
  } handle{};
  handle.head.handle_bytes = sizeof handle.bytes;
  int mount = 0;
  return Outcome(Raw(SYS_name_to_handle_at, AT_FDCWD, At("/tmp"), At(&handle), At(&mount), 0));
}

// The handle of inode 2, the root of most file systems: how "shocker" left Docker's containers.
std::string OpenByHandle() {
  struct {
    file_handle head;
    unsigned char bytes[8];
  } root{};
  root.head.handle_bytes = 8;
  root.head.handle_type = 1;
  root.bytes[0] = 2;
  const int mount = open("/", O_RDONLY | O_CLOEXEC);
  return Outcome(Raw(SYS_open_by_handle_at, mount, At(&root), O_RDONLY));
}

std::string WatchAllFiles() { return Outcome(Raw(SYS_fanotify_init, FAN_CLASS_NOTIF, O_RDONLY)); }

std::string CompareKernelObjects() {
  return Outcome(Raw(SYS_kcmp, getpid(), getppid(), KCMP_VM, 0, 0));
}

std::string ModifySegments() {
  char table[16];
  return Outcome(Raw(SYS_modify_ldt, 0, At(table), sizeof table));
}

std::string MovePages() { return Outcome(Raw(SYS_move_pages, getppid(), 0, 0, 0, 0, 0)); }
std::string MigratePages() { return Outcome(Raw(SYS_migrate_pages, getppid(), 0, 0, 0)); }
std::string BindMemory() { return Outcome(Raw(SYS_set_mempolicy, 0, 0, 0)); }
std::string LookUpCookie() {
  char path[64];
  return Outcome(Raw(SYS_lookup_dcookie, 1, At(path), sizeof path));
}

std::string LoadModule() {
  const char nothing[4] = {};
  return Outcome(Raw(SYS_init_module, At(nothing), sizeof nothing, At("")));
}
std::string LoadModuleFromFile() { return Outcome(Raw(SYS_finit_module, -1, At(""), 0)); }
std::string RemoveModule() { return Outcome(Raw(SYS_delete_module, At("ebb_no_such_module"), 0)); }
std::string LoadKernel() { return Outcome(Raw(SYS_kexec_load, 0, 0, 0, 0xffff)); }
std::string LoadKernelFromFile() { return Outcome(Raw(SYS_kexec_file_load, -1, -1, 0, 0, 0)); }
std::string Reboot() {
  return Outcome(Raw(SYS_reboot, static_cast<long>(LINUX_REBOOT_MAGIC1), LINUX_REBOOT_MAGIC2,
                     LINUX_REBOOT_CMD_RESTART));
}

std::string SetClock() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return Outcome(Raw(SYS_clock_settime, CLOCK_REALTIME, At(&now)));
}
std::string SetTimeOfDay() {
  timeval now{};
  gettimeofday(&now, nullptr);
  return Outcome(Raw(SYS_settimeofday, At(&now), 0));
}
std::string AdjustClock() {
  timex wanted{};
  return Outcome(Raw(SYS_adjtimex, At(&wanted)));
}
std::string AdjustClockById() {
  timex wanted{};
  wanted.modes = ADJ_TICK;
  wanted.tick = 10'000;
  return Outcome(Raw(SYS_clock_adjtime, CLOCK_REALTIME, At(&wanted)));
}

std::string SwapOn() { return Outcome(Raw(SYS_swapon, At("/tmp/none"), 0)); }
std::string SwapOff() { return Outcome(Raw(SYS_swapoff, At("/tmp/none"))); }
std::string ReadKernelLog() {
  char log[256];
  return Outcome(Raw(SYS_syslog, 3, At(log), sizeof log));
}
std::string SetQuotas() { return Outcome(Raw(SYS_quotactl, QCMD(Q_SYNC, USRQUOTA), 0, 0, 0)); }
std::string KeepAccounts() { return Outcome(Raw(SYS_acct, At("/tmp/none"))); }
std::string HangUp() {
  setsid();
  return Outcome(Raw(SYS_vhangup));
}
std::string AllPorts() { return Outcome(Raw(SYS_iopl, 3)); }
std::string SomePorts() { return Outcome(Raw(SYS_ioperm, 0x70, 1, 1)); }

// Only this answers without the kernel: -1 is no descriptor.
std::string SyncHostsDisks() {
  return Raw(SYS_syncfs, -1) == 0 ? "pretended" : Possible(ErrorName(errno));
}

}  // namespace

std::vector<Attack> KernelAttacks() {
  constexpr auto kNotRefused = Outside::kNotRefused;
  return {
      {kKernel, "makes a keyring", "keys are not in any namespace but the user's", SessionKeyring,
       "EPERM"},
      {kKernel, "adds a key", "the same", AddKey, "EPERM"},
      {kKernel, "asks for a key", "a program of the host's, run as root to make it", RequestKey,
       "EPERM", kNotRefused},
      {kKernel, "makes a BPF map", "the verifier and its bugs", MakeBpfMap, "EPERM"},
      {kKernel, "opens performance counters", "what others do, seen in the processor", OpenPerf,
       "EPERM"},
      {kKernel, "sets up io_uring", "system calls past the filter", SetUpIoUring, "ENOSYS"},
      {kKernel, "enters io_uring", "the same", EnterIoUring, "ENOSYS", kNotRefused},
      {kKernel, "sets up asynchronous I/O", "a limit that the whole host shares, used up", SetUpAio,
       "EPERM"},
      {kKernel, "opens userfaultfd", "races in the kernel, won at leisure", OpenUserfaultfd,
       "EPERM"},
      {kKernel, "asks for a file's handle", "a name for it past all mounts", NameToHandle, "EPERM",
       kNotRefused},
      {kKernel, "opens a file by its handle", "any file of the host's disk", OpenByHandle, "EPERM",
       kNotRefused},
      {kKernel, "watches all files by fanotify", "what others read and write", WatchAllFiles,
       "EPERM"},
      {kKernel, "compares kernel objects by kcmp", "the layout of the kernel's memory",
       CompareKernelObjects, "EPERM"},
      {kKernel, "reads its segment table", "rarely tested code", ModifySegments, "EPERM"},
      {kKernel, "moves pages of another process", "where others' memory lies", MovePages, "EPERM"},
      {kKernel, "migrates another process's memory", "the same", MigratePages, "EPERM",
       kNotRefused},
      {kKernel, "chooses its memory's node", "memory that others are due", BindMemory, "EPERM"},
      {kKernel, "looks up a directory cookie", "rarely tested code", LookUpCookie, "EPERM",
       kNotRefused},
      {kKernel, "makes the host write out its disks", "everybody's disks busy, again and again",
       SyncHostsDisks, "pretended"},
      {kMachine, "loads a kernel module", "the kernel", LoadModule, "EPERM", Outside::kNever,
       "it would be the kernel's"},
      {kMachine, "loads a kernel module from a file", "the same", LoadModuleFromFile, "EPERM",
       Outside::kNever, "it would be the kernel's"},
      {kMachine, "removes a kernel module", "what the host needs, gone", RemoveModule, "EPERM",
       Outside::kNever, "it would be the kernel's"},
      {kMachine, "loads another kernel", "the machine", LoadKernel, "EPERM", Outside::kNever,
       "it would replace the kernel"},
      {kMachine, "loads another kernel from a file", "the same", LoadKernelFromFile, "EPERM",
       Outside::kNever, "it would replace the kernel"},
      {kMachine, "reboots", "the machine, gone", Reboot, "EPERM", Outside::kNever, "it would"},
      {kMachine, "sets the clock", "certificates, bills and logs of another time", SetClock,
       "EPERM", Outside::kNever, "it is everybody's clock"},
      {kMachine, "sets the time of day", "the same", SetTimeOfDay, "EPERM", Outside::kNever,
       "it is everybody's clock"},
      {kMachine, "reads how the clock is adjusted", "a step to setting it", AdjustClock, "EPERM"},
      {kMachine, "adjusts the clock's speed", "the same, slowly", AdjustClockById, "EPERM",
       Outside::kNever, "it is everybody's clock"},
      {kMachine, "turns swap on", "memory of others in a file of its own", SwapOn, "EPERM",
       kNotRefused},
      {kMachine, "turns swap off", "the host out of memory", SwapOff, "EPERM", kNotRefused},
      {kMachine, "reads the kernel's log", "addresses, and what others do", ReadKernelLog, "EPERM"},
      {kMachine, "sets quotas", "others' disks, full", SetQuotas, "EPERM", kNotRefused},
      {kMachine, "keeps accounts of all processes", "what others run", KeepAccounts, "EPERM",
       kNotRefused},
      {kMachine, "hangs up the terminal", "the operator's session", HangUp, "EPERM"},
      {kMachine, "takes all input and output ports", "the machine's devices", AllPorts, "EPERM"},
      {kMachine, "takes the clock's port", "the same, one of them", SomePorts, "EPERM"},
  };
}

}  // namespace probe
