// fc/attempt_headers.h
// What FC says about one attempt in the headers of its answer.
#pragma once

#include "invoke/door.h"
#include "net/http.h"

namespace ebb::fc {

// x-fc-request-id, -instance-id, -invocation-function-version, -code-checksum, and what was
// measured: -invocation-duration (ms), -max-memory-usage (MB); x-fc-error-type if the function
// failed.  Those that the attempt does not know are left out.
void AddAttemptHeaders(net::Headers& headers, const invoke::Attempt& attempt);

}  // namespace ebb::fc
