// model/error_json.h
// The body by which FC says what a function did wrong.
#pragma once

#include <string>

namespace ebb::model {

// {"errorMessage", "errorType", "stackTrace"}, the last of them empty.
std::string FormatErrorJson(const std::string& message, const std::string& type);

bool IsErrorJson(const std::string& text);

}  // namespace ebb::model
