// api/ebb/instances.h
// GET /ebb/v1/instances: the account's instances, with what FC's ListInstances does not say.
#pragma once

#include "api/operation.h"

namespace ebb::api {

Task<Answer> ListAllInstances(const Setup& setup, Ask ask);

}  // namespace ebb::api
