// api/ebb/usage.h
// What ran and what it cost: GET /ebb/v1/usage and /ebb/v1/usage/records.
#pragma once

#include "api/operation.h"

namespace ebb::api {

Task<Answer> GetUsage(const Setup& setup, Ask ask);
Task<Answer> ListUsageRecords(const Setup& setup, Ask ask);

}  // namespace ebb::api
