// sandbox/process_view.h
// What the kernel says about a process that we have no reason to believe.
//
// By number: hold a pidfd of it, and look whether it is alive after the last question, else the
// number may have become another's.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/fd.h"

namespace ebb::sandbox {

Result<base::Fd> OpenPidfd(pid_t pid);
Result<pid_t> PidOf(const base::Fd& pidfd);

std::optional<pid_t> ParentOf(pid_t pid);

// "mnt:[4026531841]"; `name` as in /proc/<pid>/ns.  Empty if it cannot be read.
std::string NamespaceOf(pid_t pid, const char* name);
Result<base::Fd> OpenNetworkOf(pid_t pid);

struct Privileges {
  std::uint64_t capabilities = ~std::uint64_t{0};  // In any of the sets but the bounding one.
  bool no_new_privileges = false;
  int filters = 0;  // System call filters.
  uid_t user = 0;
  int threads = 0;                      // Each has capabilities and cgroups of its own.
  bool first_of_its_namespace = false;  // Number 1 of its pid namespace.
};
Privileges PrivilegesOf(pid_t pid);  // Of its first thread.  The worst if they cannot be read.

// Whether it has memory mapped that it would share with processes that it forks, writable.
Result<bool> SharesMemory(pid_t pid);

// The targets of /proc/<pid>/fd by number: "socket:[123]", "/code/data.bin".
struct OpenFile {
  int number;
  std::string target;
};
Result<std::vector<OpenFile>> OpenFilesOf(pid_t pid);
std::string TargetOf(
    const base::Fd& own);  // The same of one of this process; both ends of a pipe say the same.

}  // namespace ebb::sandbox
