// sandbox/template_root.h
// The file system that every sandbox starts from: read-only, holding only what runtimes need.
#pragma once

#include "base/error.h"
#include "base/file.h"

namespace ebb::sandbox {

// Moves the calling (single-threaded, root) process into a new mount namespace whose root is
//   /usr and the links or folders /bin, /lib…   the host's, read-only, without set-user-id
//   /etc                                         a few files of ours and of the host's
//   /dev                                         null, zero, full, random, urandom
//   /ebb                                         `scratch`/runtimes: shims, filter; beside /opt,
//                                                which is the functions' own layers'
//   /code /opt /tmp /proc                        empty: places for what each sandbox mounts
// and nothing else of the host.  Children that unshare the mount namespace get a copy.
// Errors: kUnavailable, naming the step.  The process must end then.
Result<void> EnterTemplateRoot(const base::Path& scratch);

}  // namespace ebb::sandbox
