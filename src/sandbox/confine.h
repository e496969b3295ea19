// sandbox/confine.h
// Everything that turns a freshly forked root process into a confined one, as one list of steps.
//
// Runs in the single-threaded child of a helper, which is pid 1 of a new pid namespace already.
// No Boost, no exceptions, no allocation: also built into the zygote's shared object.
#pragma once

#include <linux/filter.h>

#include <cstdint>

#include "sandbox/wire.h"

namespace ebb::sandbox {

struct Plan {
  int status = -1;     // Kept, as kStatusInside, close-on-exec.  Must be above kStatusInside.
  int channel = -1;    // Kept, as kChannelInside.
  int output = -1;     // Becomes standard output and error.
  int network = -1;    // A network namespace with lo up.
  int code = -1;       // A detached read-only mount.
  int tmp = -1;        // A detached tmpfs.
  bool image = false;  // `code` is the root of an image.
  int layers = -1;     // A detached read-only mount; -1: none.
  int names = -1;      // The same, of the file that is to be /etc/resolv.conf; -1: as it is.
  const int* joins = nullptr;  // `tasks` (v1) or `cgroup.procs` (v2) files, opened by root.
  unsigned join_count = 0;
  std::uint32_t uid = 0;                 // On the host; not 0.
  std::uint32_t inside_uid = kInsideId;  // In its user namespace; not 0.
  std::uint32_t inside_gid = kInsideId;
  const char* host_name = "";
  int outer_proc = -1;  // A writable /proc of the helper's pid namespace, not mounted anywhere.
  const sock_filter* filter = nullptr;
  unsigned filter_length = 0;
  // It will fork instances: in its own user namespace, and nowhere else, it keeps the right to make
  // namespaces, and `filter` says which.
  bool is_template = false;

  // For a guest only, which has no channel, no output and none of the mounts.
  int host = -1;  // A pidfd of the sandbox's pid 1.
  int standard[3] = {-1, -1, -1};
  bool terminal = false;  // `standard` are one.
};

// Returns nullptr when every step is done, else the name of the step that failed, errno saying why.
// After a failure the caller must end the process.
const char* Confine(const Plan& plan);

// A detached /proc that shows the pid namespace of the caller only, and is read-only: nothing of
// the kernel can be set through it.  -1 with errno: it cannot be made.
int MakeProc();

// The same as Confine for a child that a template has forked into a pid namespace of its own.  Of
// the plan it takes status, channel, output, joins and filter: the rest is inherited, or the
// server's to do while the child waits.  Half way it says kForked on the status socket and waits
// there for one byte.
const char* ConfineForked(const Plan& plan);
// The same for a process that joins a sandbox.  It is in the sandbox's pid namespace already, and
// visible to the function, which is kept from tracing or reading it by its user namespace.
const char* ConfineGuest(const Plan& plan);

}  // namespace ebb::sandbox
