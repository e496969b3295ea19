// api/fc/invocations.h
// FC's InvokeFunction: now, with the answer, or later, through the queue.
#pragma once

#include "api/operation.h"

namespace ebb::api {

Task<Answer> InvokeFunction(const Setup& setup, Ask ask);

enum class InvocationType { kSync, kAsync };
// Of x-fc-invocation-type; absent is Sync.  kInvalid for another value.
Result<InvocationType> InvocationTypeOf(const net::Headers& headers);

}  // namespace ebb::api
