// invoke/initializer_command.h
// An initializer that is a program: it runs beside the function's own, confined as that is.
#pragma once

#include "invoke/running.h"

namespace ebb::invoke {

// What it prints goes to the function's log.  OK: it ended with 0.
// Errors: kFunctionFailed it ended otherwise or cannot be run; kFunctionTimeout; kUnavailable.
Task<Result<void>> RunInitializerCommand(scheduler::Scheduler& scheduler, Running& running,
                                         Deadline deadline);

}  // namespace ebb::invoke
