// sandbox/seccomp_filter.h
// Which system calls a function may make: an allow-list, compiled once by libseccomp.
#pragma once

#include <string>

#include "base/error.h"

namespace ebb::sandbox {

enum class FilterFor {
  kFunction,
  // A process that forks instances of itself has to make their namespaces.  It may do that, with
  // these flags and no others, and nothing else that a function may not.  What it forks gets the
  // function's filter on top.
  kTemplate,
};

// The BPF program, ready for prctl(2).  Takes well under a millisecond; run it once.
// Errors: kUnavailable libseccomp refused, naming the call.
Result<std::string> MakeSystemCallFilter(FilterFor whom);

}  // namespace ebb::sandbox
