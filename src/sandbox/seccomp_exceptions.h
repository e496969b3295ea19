// sandbox/seccomp_exceptions.h
// System calls that are allowed, but not with every argument.
//
// libseccomp compares whole 64-bit words, while the kernel looks at the lower half of an int: an
// exception by "not equal" would be passed with any bit of the upper half set.  These look at the
// lower half.  They are put before libseccomp's program; what they do not stop goes on to it.
#pragma once

#include <linux/filter.h>

#include <vector>

namespace ebb::sandbox {

std::vector<sock_filter> MakeExceptions();

}  // namespace ebb::sandbox
