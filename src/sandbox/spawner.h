// sandbox/spawner.h
// The first helper: pid 1 of the helpers' own pid namespace.  Builds the template root, starts the
// zygotes, starts sandboxes that exec a program.  When the server is gone it ends everything in the
// namespace, zygotes and all sandboxes, and removes their cgroups.
#pragma once

namespace ebb::sandbox {

// Serves orders from `control` until the server's end of it is closed.  The process must be
// single-threaded, root, and forked into a new pid namespace.
[[noreturn]] void RunSpawner(int control);

}  // namespace ebb::sandbox
