// api/fc/invocations.h
// FC's InvokeFunction: now, with the answer, or later, through the queue.
#pragma once

#include "api/operation.h"

namespace ebb::api {

Task<Answer> InvokeFunction(const Setup& setup, Ask ask);

}  // namespace ebb::api
