// sandbox/cgroup_sweep.h
// What the spawner does when the server is gone: end every sandbox, remove their cgroups.
#pragma once

#include <string>
#include <vector>

#include "base/fd.h"

namespace ebb::sandbox {

// `trees` are the server's own cgroup folders named `name`, one a hierarchy, the locked one first:
// it goes last, and who has waited for the lock finds nothing left.  The caller must be pid 1 of
// the helpers' pid namespace: everything else in it is killed.
//
// The frozen must be thawed for that: on cgroup v1 they do not die, and neither does a pid
// namespace that waits for them.
void EndAllAndSweep(const std::string& name, const std::vector<base::Fd>& trees);

}  // namespace ebb::sandbox
