// What FC shows of an error: {"errorMessage","errorType","stackTrace":[]}.
#pragma once

#include <string>
#include <string_view>

namespace fc::internal {

std::string ErrorJson(std::string_view message, std::string_view type);

// Of the exception that is being handled.
std::string CurrentErrorJson();

}  // namespace fc::internal
