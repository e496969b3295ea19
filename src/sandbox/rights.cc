#include "sandbox/rights.h"

#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>

namespace ebb::sandbox {
namespace {

struct Need {
  unsigned capability;
  const char* name;
};
constexpr Need kCapabilities[] = {{CAP_SYS_ADMIN, "CAP_SYS_ADMIN"},
                                  {CAP_NET_ADMIN, "CAP_NET_ADMIN"},
                                  {CAP_SETUID, "CAP_SETUID"},
                                  {CAP_SETGID, "CAP_SETGID"},
                                  {CAP_KILL, "CAP_KILL"},
                                  {CAP_MKNOD, "CAP_MKNOD"},
                                  {CAP_DAC_OVERRIDE, "CAP_DAC_OVERRIDE"}};

Error Needs(const std::string& what) {
  return Error::Denied("ebb serve needs " + what +
                       " to isolate functions: run it as root on the machine itself, or in a "
                       "privileged container");
}

Result<void> CheckCapabilities() {
  if (geteuid() != 0) return Fail(Needs("to be root"));
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2] = {};
  if (syscall(SYS_capget, &header, data) != 0) return Fail(Error::System("capget", errno));
  for (const Need& need : kCapabilities) {
    if ((data[need.capability / 32].effective & (1U << (need.capability % 32))) == 0) {
      return Fail(Needs(std::string("the capability ") + need.name));
    }
  }
  return {};
}

Result<void> CheckNamespaces() {
  for (const char* name : {"cgroup", "ipc", "mnt", "net", "pid", "user", "uts"}) {
    if (access((std::string("/proc/self/ns/") + name).c_str(), F_OK) != 0) {
      return Fail(Needs(std::string("a kernel with ") + name + " namespaces"));
    }
  }
  // The function's user makes its own user namespace, so unprivileged ones must be allowed.
  for (const char* limit : {"user/max_user_namespaces", "user/max_pid_namespaces",
                            "user/max_net_namespaces", "kernel/unprivileged_userns_clone"}) {
    const auto text = base::ReadFile(std::string("/proc/sys/") + limit);
    if (text && text->starts_with("0")) {
      return Fail(Needs(std::string("/proc/sys/") + limit + " above 0"));
    }
  }
  return {};
}

Result<void> CheckCalls() {
  const std::uint32_t action = SECCOMP_RET_ERRNO;
  if (syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) != 0) {
    return Fail(Needs("a kernel with seccomp filters"));
  }
  // The youngest of the calls that mounting needs, asked for with a wrong argument.
  if (syscall(SYS_mount_setattr, -1, "", 0, nullptr, 0) != 0 && errno == ENOSYS) {
    return Fail(Needs("Linux 5.12 or later (mount_setattr)"));
  }
  return {};
}

}  // namespace

Result<CgroupMounts> CheckRights() {
  if (auto capable = CheckCapabilities(); !capable) return Fail(capable.error());
  if (auto there = CheckNamespaces(); !there) return Fail(there.error());
  if (auto there = CheckCalls(); !there) return Fail(there.error());
  auto mountinfo = base::ReadFile("/proc/self/mountinfo");
  if (!mountinfo) return Fail(mountinfo.error());
  return FindCgroups(*mountinfo);
}

}  // namespace ebb::sandbox
