// /proc, /sys and devices: what the kernel shows of the machine and of others.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cctype>
#include <initializer_list>

#include "probe.h"

namespace probe {
namespace {

constexpr const char* kProc = "/proc and /sys";
constexpr const char* kDevices = "devices";

// The first of `paths` that can be opened so.
std::string FirstToOpen(std::initializer_list<const char*> paths, int how) {
  for (const char* path : paths) {
    const int fd = open(path, how | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) continue;
    close(fd);
    return Possible(path);
  }
  return std::string(kNone);
}

std::string WriteSystemSettings() {
  return FirstToOpen(
      {"/proc/sys/kernel/core_pattern", "/proc/sys/kernel/modprobe", "/proc/sys/kernel/hotplug",
       "/proc/sys/kernel/hostname", "/proc/sys/kernel/randomize_va_space",
       "/proc/sys/kernel/yama/ptrace_scope", "/proc/sys/vm/overcommit_memory",
       "/proc/sys/vm/drop_caches", "/proc/sys/vm/panic_on_oom", "/proc/sys/fs/suid_dumpable",
       "/proc/sys/fs/file-max", "/proc/sys/net/ipv4/ip_forward",
       "/proc/sys/net/ipv4/ping_group_range", "/proc/sys/user/max_user_namespaces"},
      O_WRONLY);
}

std::string RegisterProgramFormat() {
  return FirstToOpen({"/proc/sys/fs/binfmt_misc/register", "/proc/sys/fs/binfmt_misc/status"},
                     O_WRONLY);
}

std::string PressSystemRequest() { return FirstToOpen({"/proc/sysrq-trigger"}, O_WRONLY); }

std::string WriteOtherOfProc() {
  return FirstToOpen(
      {"/proc/irq/default_smp_affinity", "/proc/mtrr", "/proc/timer_stats", "/proc/self/uid_map",
       "/proc/self/gid_map", "/proc/self/setgroups", "/proc/self/loginuid", "/proc/1/oom_adj"},
      O_WRONLY);
}

std::string ReadKernelMemory() {
  return FirstToOpen({"/proc/kcore", "/dev/mem", "/dev/kmem", "/dev/port", "/proc/kpagemap"},
                     O_RDONLY);
}

std::string ReadKernelsSecrets() {
  return FirstToOpen({"/proc/kmsg", "/proc/slabinfo", "/proc/vmallocinfo", "/proc/timer_list",
                      "/proc/kpagecount", "/proc/kpageflags", "/proc/kpagecgroup",
                      "/proc/sched_debug", "/proc/latency_stats", "/proc/pagetypeinfo"},
                     O_RDONLY);
}

// Whether a line begins with a number other than 0.
std::string HasAddresses(const std::string& text) {
  if (text.empty()) return std::string(kNone);
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    for (std::size_t i = at; i < end && isxdigit(text[i]) != 0; ++i) {
      if (text[i] != '0') return Possible(text.substr(at, end - at));
    }
    at = end + 1;
  }
  return std::string(kNone);
}

std::string KernelAddresses() { return HasAddresses(ReadFile("/proc/kallsyms")); }
std::string PhysicalMemory() { return HasAddresses(ReadFile("/proc/iomem")); }

std::string PhysicalAddresses() {
  const int map = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
  if (map < 0) return std::string(kNone);
  const volatile char here = 1;  // Its page is there: we are on it.
  const auto page = reinterpret_cast<std::uintptr_t>(&here) / 4096;
  std::uint64_t entry = 0;
  if (pread(map, &entry, sizeof entry, static_cast<off_t>(page * 8)) != 8)
    return std::string(kNone);
  constexpr std::uint64_t kFrame = (std::uint64_t{1} << 55) - 1;
  return (entry & kFrame) == 0 ? std::string(kNone) : std::string(kPossible);
}

bool IsNumber(const char* text) { return isdigit(*text) != 0; }

// Looks for the mark that processes outside have in their arguments and environments.
std::string OtherProcesses() {
  DIR* proc = opendir("/proc");
  if (proc == nullptr) return std::string(kNone);
  std::string found(kNone);
  while (const dirent* entry = readdir(proc)) {
    if (!IsNumber(entry->d_name)) continue;
    for (const char* file : {"/cmdline", "/environ"}) {
      const std::string path = std::string("/proc/") + entry->d_name + file;
      if (ReadFile(path).find(Setting("outside_mark")) != std::string::npos) found = Possible(path);
    }
  }
  closedir(proc);
  return found;
}

std::string ReadSys() {
  return FirstToOpen({"/sys/kernel/mm/ksm/run", "/sys/kernel/uevent_seqnum", "/sys/class/net",
                      "/sys/devices/system/cpu", "/sys/fs/cgroup", "/sys/firmware",
                      "/sys/kernel/debug", "/sys/kernel/security", "/sys/bus"},
                     O_RDONLY);
}

std::string WriteCgroups() {
  return FirstToOpen(
      {"/sys/fs/cgroup/release_agent", "/sys/fs/cgroup/memory/release_agent",
       "/sys/fs/cgroup/cgroup.procs", "/sys/fs/cgroup/memory/tasks",
       "/proc/1/root/sys/fs/cgroup/cgroup.procs", "/proc/1/root/sys/fs/cgroup/memory/release_agent",
       "/proc/self/root/sys/fs/cgroup/freezer/tasks"},
      O_WRONLY);
}

// With a cgroup namespace of its own every path is "/".
std::string WhereInCgroups() {
  const std::string groups = ReadFile("/proc/self/cgroup");
  for (std::size_t at = 0; at < groups.size();) {
    const std::size_t end = std::min(groups.find('\n', at), groups.size());
    const std::string line = groups.substr(at, end - at);
    if (line.find("/ebb-") != std::string::npos) return Possible(line);
    at = end + 1;
  }
  return std::string(kNone);
}

std::string MakeDevice(mode_t kind, unsigned major, unsigned minor) {
  const char* path = "/tmp/probe-device";
  const int made = mknod(path, kind | 0666, makedev(major, minor));
  const std::string outcome = Outcome(made);
  unlink(path);
  return outcome;
}
std::string MakeMemoryDevice() { return MakeDevice(S_IFCHR, 1, 1); }
std::string MakeDisk() { return MakeDevice(S_IFBLK, 254, 0); }

std::string OpenDevices() {
  return FirstToOpen({"/dev/kmsg",          "/dev/kvm",         "/dev/fuse",
                      "/dev/net/tun",       "/dev/userfaultfd", "/dev/vsock",
                      "/dev/vhost-net",     "/dev/ptmx",        "/dev/pts/ptmx",
                      "/dev/console",       "/dev/tty",         "/dev/tty0",
                      "/dev/loop-control",  "/dev/loop0",       "/dev/mapper/control",
                      "/dev/vda",           "/dev/vda1",        "/dev/sda",
                      "/dev/nvme0n1",       "/dev/cpu/0/msr",   "/dev/hpet",
                      "/dev/rtc0",          "/dev/watchdog",    "/dev/uinput",
                      "/dev/input/event0",  "/dev/snapshot",    "/dev/uhid",
                      "/dev/btrfs-control", "/dev/nvram",       "/dev/hwrng",
                      "/dev/rfkill",        "/dev/dri/card0",   "/dev/sg0",
                      "/dev/raw/rawctl",    "/dev/nsm"},
                     O_RDONLY);
}

std::string ReadHostName() {
  utsname names{};
  uname(&names);
  const std::string host = Setting("host_name");
  if (!host.empty() && names.nodename == host) return Possible(host);
  return std::string(kNone);
}

}  // namespace

std::vector<Attack> ProcAttacks() {
  return {
      {kProc, "writes a setting of the kernel", "core_pattern or modprobe: a program run as root",
       WriteSystemSettings, "none"},
      {kProc, "registers a program format", "its interpreter, run by others", RegisterProgramFormat,
       "none", Outside::kNever, "hosts need not have binfmt_misc"},
      {kProc, "presses the system request key", "the machine, gone", PressSystemRequest, "none",
       Outside::kNever, "kernels need not have it"},
      {kProc, "writes elsewhere in /proc", "interrupts, memory types, its own map of users",
       WriteOtherOfProc, "none"},
      {kProc, "reads the kernel's memory", "all secrets of the machine", ReadKernelMemory, "none",
       Outside::kNever, "kernels need not have any of them"},
      {kProc, "reads what the kernel tells only root", "addresses, and what others do",
       ReadKernelsSecrets, "none"},
      {kProc, "learns the kernel's addresses", "the first half of most exploits", KernelAddresses,
       "none"},
      {kProc, "learns the layout of physical memory", "the same", PhysicalMemory, "none"},
      {kProc, "learns its pages' physical addresses", "rows of memory to hammer", PhysicalAddresses,
       "none"},
      {kProc, "finds processes of others in /proc", "their arguments and environments",
       OtherProcesses, "none"},
      {kProc, "opens /sys", "the machine's devices and settings", ReadSys, "none"},
      {kProc, "writes to a cgroup", "its limits; release_agent: a program run as root",
       WriteCgroups, "none"},
      {kProc, "learns where its cgroup lies", "names of others' instances", WhereInCgroups, "none",
       Outside::kNever, "the suite is in no sandbox's cgroup"},
      {kProc, "reads the host's name", "where it runs", ReadHostName, "none"},
      {kDevices, "makes the device of physical memory", "all secrets of the machine",
       MakeMemoryDevice, "EPERM"},
      {kDevices, "makes the device of a disk", "all files of the machine", MakeDisk, "EPERM"},
      {kDevices, "opens a device that reaches beyond it", "whatever that device is", OpenDevices,
       "none"},
  };
}

}  // namespace probe
