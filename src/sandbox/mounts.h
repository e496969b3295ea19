// sandbox/mounts.h
// Detached mounts that a sandbox attaches for itself.
#pragma once

#include <vector>

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/units.h"

namespace ebb::sandbox {

// `folder` as it is, read-only.  Shares its page cache with every other sandbox of it.
Result<base::Fd> MakeCodeMount(const base::Path& folder);

// `folders` as one, read-only; the first is on top.  Not valid if there are none.
Result<base::Fd> MakeLayersMount(const std::vector<base::Path>& folders);

// The file `resolv_conf` as it is, read-only.  Not valid if the path is empty.
Result<base::Fd> MakeNamesMount(const base::Path& resolv_conf);

// An empty tmpfs of `size`.  Its pages count against the memory of the sandbox that writes them.
Result<base::Fd> MakeTmpMount(Mebibytes size);

// Gives the tmpfs of a MakeTmpMount, attached by now, another size.
Result<void> ResizeTmpMount(const base::Fd& tmp, Mebibytes size);

// Attaches a detached mount at `where`, in the mount namespace that the thread is in.  False with
// errno.
bool Attach(const base::Fd& mount, const char* where);

}  // namespace ebb::sandbox
