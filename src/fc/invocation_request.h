// fc/invocation_request.h
// What a client asks for in the x-fc-* headers of an invocation, through the API or an http
// trigger.
#pragma once

#include <string>

#include "base/clock.h"
#include "base/error.h"
#include "model/message.h"
#include "net/http.h"

namespace ebb::fc {

enum class InvocationType { kSync, kAsync };
// Of x-fc-invocation-type; absent is Sync.  kInvalid InvalidArgument for another value.
Result<InvocationType> InvocationTypeOf(const net::Headers& headers);

// Sets delay (x-fc-async-delay) and key (x-fc-async-task-id) of `message`.  kInvalid.
Result<void> ApplyAsyncHeaders(const net::Headers& headers, model::Message& message);

// The answer to an asynchronous invocation that is on disk: 202.
net::Response AcceptedAnswer(const model::Message& message);
// The answer when the task id was there already: kConflict.
Error DuplicateTask(const model::Message& message);

}  // namespace ebb::fc
