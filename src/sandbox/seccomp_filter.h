// sandbox/seccomp_filter.h
// Which system calls a function may make: an allow-list, compiled once by libseccomp.
#pragma once

#include <string>

#include "base/error.h"

namespace ebb::sandbox {

// The BPF program, ready for seccomp(2).  Takes well under a millisecond; run it once.
// Errors: kUnavailable libseccomp refused, naming the call.
Result<std::string> MakeSystemCallFilter();

}  // namespace ebb::sandbox
