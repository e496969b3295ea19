// base/json.h
// Small helpers around Boost.JSON: parse with a depth limit, read typed members with clear errors.
#pragma once

#include <boost/json.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"

namespace ebb::json {

using boost::json::array;
using boost::json::object;
using boost::json::serialize;
using boost::json::value;

// kInvalid with the byte offset.  At most 32 levels deep.
Result<value> Parse(std::string_view text);
Result<object> ParseObject(std::string_view text);  // kInvalid unless an object.

// Optional typed members: absent or null is nullopt, another type is kInvalid naming the member.
Result<std::optional<std::string>> String(const object& from, std::string_view name);
Result<std::optional<std::int64_t>> Integer(const object& from, std::string_view name);
Result<std::optional<double>> Number(const object& from, std::string_view name);
Result<std::optional<bool>> Boolean(const object& from, std::string_view name);
Result<const object*> Object(const object& from, std::string_view name);  // nullptr when absent.
Result<const array*> Array(const object& from, std::string_view name);    // nullptr when absent.

}  // namespace ebb::json
