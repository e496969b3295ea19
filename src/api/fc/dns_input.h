// api/fc/dns_input.h
// `customDNS` of a function.
#pragma once

#include "base/error.h"
#include "base/json.h"
#include "egress/address.h"
#include "model/function.h"

namespace ebb::api {

// Replaced as a whole if `input` has it.  Errors: kInvalid.
Result<void> ApplyDns(const json::object& input, model::FunctionConfig& config);

// Whether functions may ask these servers, given what the operator has opened.  Errors: kInvalid.
Result<void> CheckReachable(const model::CustomDns& dns,
                            const std::vector<egress::Opening>& openings);

// Empty if there is nothing.
json::object FormatDns(const model::CustomDns& dns);

}  // namespace ebb::api
