// model/dns_rules.h
// What a function's CustomDns may say.
#pragma once

#include "base/error.h"
#include "model/function.h"

namespace ebb::model {

// Whether its name servers are reachable is not known here.
// Errors: kInvalid with code InvalidArgument, naming the field.
Result<void> ValidateDns(const FunctionConfig& config);

}  // namespace ebb::model
