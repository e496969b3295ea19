// api/fc/function_json.h
// FC's JSON for a function, to and from the model.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "model/function.h"

namespace ebb::api {

// FC's `Function`.
json::object FormatFunction(const model::Function& function, const std::string& region);

// Applies the members of CreateFunctionInput or UpdateFunctionInput that are there to `config` and
// leaves the others alone; `functionName`, `code`, `layers` and `customContainerConfig` are the
// caller's.  A member that Ebb does not have is fine when it says nothing (null, false, 0, "",
// empty) or what happens anyway, and refused by name otherwise: ignoring it would promise what does
// not happen. kInvalid, code InvalidArgument.  Does not check ranges: see model::Validate.
Result<void> ApplyFunctionInput(const json::object& input, model::FunctionConfig& config);

// True for a value that asks for nothing: null, false, 0, empty, or made of such.
bool SaysNothing(const json::value& value);

// Member `name`, an array of strings; empty if it is null or missing.  kInvalid, code
// InvalidArgument, whose message begins with `where` and the name.
Result<std::vector<std::string>> TakeTexts(const json::object& from, std::string_view name,
                                           std::string_view where = "");
json::array Texts(const std::vector<std::string>& texts);

// acs:fc:{region}:{account}:functions/{name}
std::string FunctionArn(const std::string& region, const std::string& account,
                        const std::string& name);

}  // namespace ebb::api
