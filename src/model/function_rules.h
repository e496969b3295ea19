// model/function_rules.h
// What a function's configuration may hold: FC's limits, in one place for every door.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/error.h"
#include "model/function.h"

namespace ebb::model {

// kInvalid, code "InvalidArgument".
Error InvalidArgument(std::string message);

// Checks every field but the code package, which is checked where it is stored.  kInvalid, code
// "InvalidArgument": names the field, the value and what is allowed.
Result<void> Validate(const FunctionConfig& config);

// What any name and any text may hold; errors begin with `field`.  kInvalid, code
// "InvalidArgument".  A name: 1 to `longest` of [A-Za-z0-9_-], not starting with a digit or '-'.  A
// text: UTF-8 without NUL, of at most `longest` bytes.
Result<void> ValidateName(std::string_view field, std::string_view name, std::size_t longest);
Result<void> ValidateText(std::string_view field, std::string_view text, std::size_t longest);

// 1 to 64 of [A-Za-z0-9_-], not starting with a digit or '-'.
Result<void> ValidateFunctionName(std::string_view name);

// The same with up to 128 characters.
Result<void> ValidateTriggerName(std::string_view name);

// "value" as error messages show it: in quotes, control characters escaped, cut when long.
std::string Quoted(std::string_view value);

}  // namespace ebb::model
