#include "base/json.h"

namespace ebb::json {
namespace {

// What two kinds of caller send at most, with room to spare; deeper is an attack on the stack.
constexpr std::size_t kMaxDepth = 32;

const value* Find(const object& from, std::string_view name) {
  const value* found = from.if_contains(name);
  return found == nullptr || found->is_null() ? nullptr : found;
}

std::unexpected<Error> WrongType(std::string_view name, std::string_view wanted) {
  return Fail(Error::Invalid(std::string(name) + " must be " + std::string(wanted)));
}

}  // namespace

Result<value> Parse(std::string_view text) {
  boost::json::parse_options options;
  options.max_depth = kMaxDepth;
  boost::json::parser parser({}, options);
  boost::system::error_code error;
  const std::size_t used = parser.write_some(text.data(), text.size(), error);
  if (!error && used < text.size()) error = boost::json::error::extra_data;
  if (error) {
    return Fail(Error::Invalid("not valid JSON near byte " + std::to_string(used) + ": " +
                               error.message()));
  }
  return parser.release();
}

Result<object> ParseObject(std::string_view text) {
  auto parsed = Parse(text);
  if (!parsed) return Fail(parsed.error());
  if (!parsed->is_object()) return Fail(Error::Invalid("a JSON object is needed"));
  return std::move(parsed->as_object());
}

Result<std::optional<std::string>> String(const object& from, std::string_view name) {
  const value* found = Find(from, name);
  if (found == nullptr) return std::nullopt;
  if (!found->is_string()) return WrongType(name, "a string");
  return std::string(found->as_string());
}

Result<std::optional<std::int64_t>> Integer(const object& from, std::string_view name) {
  const value* found = Find(from, name);
  if (found == nullptr) return std::nullopt;
  boost::system::error_code error;
  const auto number = found->to_number<std::int64_t>(error);
  if (error) return WrongType(name, "an integer");
  return number;
}

Result<std::optional<double>> Number(const object& from, std::string_view name) {
  const value* found = Find(from, name);
  if (found == nullptr) return std::nullopt;
  boost::system::error_code error;
  const auto number = found->to_number<double>(error);
  if (error) return WrongType(name, "a number");
  return number;
}

Result<std::optional<bool>> Boolean(const object& from, std::string_view name) {
  const value* found = Find(from, name);
  if (found == nullptr) return std::nullopt;
  if (!found->is_bool()) return WrongType(name, "true or false");
  return found->as_bool();
}

Result<const object*> Object(const object& from, std::string_view name) {
  const value* found = Find(from, name);
  if (found == nullptr) return nullptr;
  if (!found->is_object()) return WrongType(name, "an object");
  return &found->as_object();
}

Result<const array*> Array(const object& from, std::string_view name) {
  const value* found = Find(from, name);
  if (found == nullptr) return nullptr;
  if (!found->is_array()) return WrongType(name, "an array");
  return &found->as_array();
}

}  // namespace ebb::json
