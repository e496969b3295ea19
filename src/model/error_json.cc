#include "model/error_json.h"

#include "base/json.h"

namespace ebb::model {

std::string FormatErrorJson(const std::string& message, const std::string& type) {
  return json::serialize(
      json::object{{"errorMessage", message}, {"errorType", type}, {"stackTrace", json::array()}});
}

bool IsErrorJson(const std::string& text) {
  const auto parsed = json::ParseObject(text);
  return parsed && parsed->contains("errorMessage");
}

}  // namespace ebb::model
