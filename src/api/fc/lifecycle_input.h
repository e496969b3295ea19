// api/fc/lifecycle_input.h
// The members of a function that say how its instances begin, end and are watched.
#pragma once

#include "base/error.h"
#include "base/json.h"
#include "model/function.h"

namespace ebb::api {

// `instanceLifecycleConfig`, replaced as a whole if `input` has it.  Errors: kInvalid.
Result<void> ApplyLifecycle(const json::object& input, model::FunctionConfig& config);

// A `healthCheckConfig`.  Errors: kInvalid.
Result<model::HealthCheck> ParseHealthCheck(const json::value& value);

// Empty objects if there is nothing.
json::object FormatLifecycle(const model::FunctionConfig& config);
json::object FormatHealthCheck(const model::HealthCheck& check);

}  // namespace ebb::api
