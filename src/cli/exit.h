// cli/exit.h
// What `ebb` returns to the shell.
#pragma once

#include "base/error.h"

namespace ebb::cli {

enum class Exit {
  kOk = 0,
  kFailed = 1,       // The function failed, or the server refused or could not.
  kUsage = 2,        // The command line is wrong.
  kUnreachable = 3,  // There is no server, or it does not answer.
  kNotFound = 4,     // What was named does not exist.
};

inline constexpr const char* kExitHelp =
    "Exit codes: 0 done; 1 the function failed, or the server refused; 2 wrong command line;\n"
    "3 cannot reach the server; 4 what was named does not exist.";

// The code that marks an Error as "no answer from the server".
inline constexpr const char* kUnreachableCode = "Unreachable";

inline Exit ExitOf(const Error& error) {
  if (error.code() == kUnreachableCode) return Exit::kUnreachable;
  return error.kind() == ErrorKind::kNotFound ? Exit::kNotFound : Exit::kFailed;
}

}  // namespace ebb::cli
