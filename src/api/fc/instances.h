// api/fc/instances.h
// FC's operations on the instances of a function.
#pragma once

#include "api/operation.h"

namespace ebb::api {

Task<Answer> ListInstances(const Setup& setup, Ask ask);
// Over a WebSocket: a process beside the function in one instance.
Task<Answer> InstanceExec(const Setup& setup, Ask ask);

}  // namespace ebb::api
