// api/ebb/log_lines.h
// What a function printed: GET /ebb/v1/functions/{functionName}/logs, one JSON object a line.  With
// follow=true the response stays open and goes on as lines come; an empty line every 15 s says that
// the server is still there.
#pragma once

#include "api/operation.h"

namespace ebb::api {

Task<Answer> GetLogs(const Setup& setup, Ask ask);

}  // namespace ebb::api
