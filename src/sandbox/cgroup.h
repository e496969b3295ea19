// sandbox/cgroup.h
// Limits and measures for one sandbox each, on cgroup v1 (one hierarchy a controller) and v2 alike.
//
// Reads and writes kernel files: microseconds, but removing may block; see Remove.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "sandbox/launcher.h"

namespace ebb::sandbox {

struct CgroupLimits {
  MilliCpu cpu;
  Mebibytes memory;
  int max_processes = 1024;
  friend bool operator==(const CgroupLimits&, const CgroupLimits&) = default;
};

// The cgroup of one sandbox.  Any thread, one at a time.
class Cgroup {
 public:
  virtual ~Cgroup() = default;

  // Other limits than it was made with.  Costs nothing when they are the same.
  virtual Result<void> SetLimits(CgroupLimits limits) = 0;

  // Files in which a process writes "0" to join: opened here, by root, so that a child which may
  // not open them can.  Close them once it has joined.
  virtual Result<std::vector<base::Fd>> OpenJoins() = 0;

  virtual Result<void> Freeze() = 0;
  virtual Result<void> Thaw() = 0;
  // Thaws it and lifts the limit on CPU: what has been killed needs both to be able to end.
  virtual void LetDie() = 0;
  virtual Consumption Measure() const = 0;
  virtual void ResetPeak() = 0;

  // True if `pid` is in it, in every hierarchy, and nothing else is in any.
  virtual bool HoldsOnly(pid_t pid) const = 0;
  virtual std::vector<pid_t> Processes() const = 0;
  virtual int CountThreads() const = 0;  // Of all processes; 0 if it cannot be read.

  // True once the kernel has killed something in it for memory.
  virtual bool RanOutOfMemory() const = 0;
  // Becomes readable when memory runs out.  Invalid where the kernel then kills all of the cgroup
  // by itself (v2).
  virtual Result<base::Fd> WatchMemory() = 0;

  // Kills what is in it and removes it.  Waits for the last process to be gone; not on the path.
  virtual Result<void> Remove() = 0;
};

class CgroupTree {
 public:
  virtual ~CgroupTree() = default;
  virtual Result<std::unique_ptr<Cgroup>> Make(const std::string& id, CgroupLimits limits) = 0;
  // The tree's own folders, one a hierarchy; first the one that is locked.
  virtual Result<std::vector<base::Fd>> OpenFolders() = 0;
  // Kills and removes every sandbox's cgroup below the tree's name: what an earlier server left.
  virtual Result<void> Clear() = 0;
  virtual Result<void> Remove() = 0;  // Clear, and the tree itself.
};

// Where the controllers are.  Exactly one of the two is filled.
struct CgroupMounts {
  struct V1 {
    base::Path cpu, cpuacct, memory, pids, freezer;
  };
  V1 v1;
  base::Path v2;
};

// Finds cpu, cpuacct, memory, pids and freezer on v1, or cpu, memory and pids on v2.
// `mountinfo` is the text of /proc/self/mountinfo.
// Errors: kDenied, naming the controllers that are missing.
Result<CgroupMounts> FindCgroups(const std::string& mountinfo);

// Makes the folder `name` that all sandboxes' cgroups go into.  It is ours until the tree and every
// copy of its OpenFolders are closed; another that wants it waits ten seconds, for the helpers of
// an earlier server may still be sweeping it.  Errors: kUnavailable another server keeps it.
Result<std::unique_ptr<CgroupTree>> MakeCgroupTree(const CgroupMounts& mounts,
                                                   const std::string& name);
Result<std::unique_ptr<CgroupTree>> MakeCgroupTreeV1(CgroupMounts::V1 mounts,
                                                     const std::string& name);
Result<std::unique_ptr<CgroupTree>> MakeCgroupTreeV2(base::Path mount, const std::string& name);

}  // namespace ebb::sandbox
