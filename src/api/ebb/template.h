// api/ebb/template.h
// What has become of a function's template: GET /ebb/v1/functions/{functionName}/template.
#pragma once

#include "api/operation.h"

namespace ebb::api {

Task<Answer> GetTemplate(const Setup& setup, Ask ask);

}  // namespace ebb::api
