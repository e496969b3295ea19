// api/ebb/status.h
// What the server is doing: GET /ebb/v1/status.
#pragma once

#include "api/operation.h"

namespace ebb::api {

Task<Answer> GetStatus(const Setup& setup, Ask ask);

}  // namespace ebb::api
