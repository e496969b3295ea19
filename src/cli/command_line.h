// cli/command_line.h
// `ebb` as a function: arguments in, exit code out.
#pragma once

#include <string>
#include <vector>

#include "cli/session.h"

namespace ebb::cli {

// `arguments` without the program's name.
Exit RunCommandLine(std::vector<std::string> arguments, Session& session);

}  // namespace ebb::cli
