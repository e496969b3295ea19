// sandbox/image_root.h
// The root of a sandbox that runs a container image: the image below, a tmpfs above.
//
// No Boost, no exceptions, no allocation: also built into the zygote's shared object.
#pragma once

namespace ebb::sandbox {

// Makes the image mounted at /code, under what is written to the tmpfs at /tmp, the root of the
// calling process's own mount namespace.  Of the root before it only /dev, the two files by which
// names are found, and a part of the tmpfs, as /tmp, are still there; the rest is unmounted.
// False: could not be done, errno saying why; the process must end then.
bool EnterImageRoot();

}  // namespace ebb::sandbox
