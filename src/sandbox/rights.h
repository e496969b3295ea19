// sandbox/rights.h
// What isolation needs of the machine, checked before anything is started.
#pragma once

#include "base/error.h"
#include "sandbox/cgroup.h"

namespace ebb::sandbox {

// Where the cgroups are, if root's capabilities, the namespaces, seccomp, the mount calls and the
// controllers are all there.  Errors: kDenied "ebb serve needs …", naming what is missing.
Result<CgroupMounts> CheckRights();

}  // namespace ebb::sandbox
