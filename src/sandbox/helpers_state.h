// sandbox/helpers_state.h
// What Helpers holds; for the launcher only.
#pragma once

#include <sys/types.h>

#include "sandbox/cgroup.h"
#include "sandbox/host.h"
#include "sandbox/orders.h"

namespace ebb::sandbox {

struct Helpers::State {
  base::Fd control;  // To the spawner.
  pid_t spawner = -1;
  CgroupMounts cgroups;
};

}  // namespace ebb::sandbox
