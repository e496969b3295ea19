// api/ebb/runtimes.h
// GET /ebb/v1/runtimes: what the host has of each runtime, and which of the account's instances run
// on which build of it.
#pragma once

#include "api/operation.h"

namespace ebb::api {

Task<Answer> ListRuntimes(const Setup& setup, Ask ask);

}  // namespace ebb::api
