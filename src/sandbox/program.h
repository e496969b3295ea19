// sandbox/program.h
// What a sandbox runs, and with which environment.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/error.h"
#include "sandbox/launcher.h"
#include "sandbox/wire.h"

namespace ebb::sandbox {

// `spec.environment` with what programs expect to find.  The user's own values win, but for the
// instance's id.  Errors: kFunctionFailed a variable or argument cannot be passed to a program.
Result<std::map<std::string, std::string>> MakeEnvironment(const Spec& spec);

// The text of a kLaunch, arguments and environment, whose counts it fills in.  Empty for Python,
// which a zygote forks.  Errors: kFunctionFailed it is too long.
Result<std::string> MakeOrderText(const Spec& spec, Order& order);

}  // namespace ebb::sandbox
