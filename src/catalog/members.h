// catalog/members.h
// Reads the JSON columns.  Private to catalog/.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/json.h"

namespace ebb::catalog {

// kInternal: what is stored cannot be the caller's fault.
Error Damaged(const std::string& how);
Result<json::object> ParseStored(const std::string& text);

// Reads members one after another; the first that has a wrong type is the result.
class Members {
 public:
  explicit Members(const json::object& from) : from_(from) {}

  void Read(std::string_view name, std::string& into) { Keep(json::String(from_, name), into); }
  void Read(std::string_view name, bool& into) { Keep(json::Boolean(from_, name), into); }
  void Read(std::string_view name, std::int64_t& into) { Keep(json::Integer(from_, name), into); }
  void Read(std::string_view name, std::vector<std::string>& into) {
    const auto array = json::Array(from_, name);
    if (!array) return Note(array.error());
    if (*array == nullptr) return;
    into.clear();
    for (const auto& item : **array) {
      if (!item.is_string()) return Note(Error::Invalid(std::string(name) + " must hold strings"));
      into.emplace_back(item.get_string());
    }
  }
  void Read(std::string_view name, std::map<std::string, std::string>& into) {
    const auto object = json::Object(from_, name);
    if (!object) return Note(object.error());
    if (*object == nullptr) return;
    for (const auto& [key, value] : **object) {
      if (!value.is_string()) return Note(Error::Invalid(std::string(name) + " must hold strings"));
      into[key] = value.get_string();
    }
  }

  // Hands the members of an object, if it is there, to `read`.
  void ReadObject(std::string_view name, const std::function<void(Members&)>& read) {
    const auto object = json::Object(from_, name);
    if (!object) return Note(object.error());
    if (*object == nullptr) return;
    Members inner(**object);
    read(inner);
    if (error_.empty()) error_ = inner.error_;
  }

  Result<void> End() const {
    if (error_.empty()) return {};
    return Fail(Damaged(error_));
  }

 private:
  template <typename T>
  void Keep(Result<std::optional<T>> read, T& into) {
    if (!read) return Note(read.error());
    if (*read) into = **std::move(read);
  }
  void Note(const Error& error) {
    if (error_.empty()) error_ = error.message();
  }

  const json::object& from_;
  std::string error_;
};

}  // namespace ebb::catalog
