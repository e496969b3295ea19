// cli/console.h
// Where a command writes: results to `out`, everything else to `err`.
#pragma once

#include <ostream>
#include <string>

#include "base/error.h"

namespace ebb::cli {

struct Console {
  std::ostream& out;
  std::ostream& err;
  bool out_is_terminal = false;
  bool err_is_terminal = false;  // Progress bars are drawn only then.
};

// "ebb: <message> (<code>, request <id>)"
std::string FormatError(const Error& error);

}  // namespace ebb::cli
