// base/log.h
// The server's own log: an event in plain words plus fields.  The only global of the program.
//
// May be lost, is not exact, and never holds a secret.  What functions print is not logged here:
// see logs/.  Any thread.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include "base/error.h"

namespace ebb::log {

enum class Level { kDebug, kInfo, kWarn, kError };

struct Field {
  Field(std::string_view k, std::string_view v) : key(k), value(v) {}
  Field(std::string_view k, const char* v) : key(k), value(v) {}
  Field(std::string_view k, const std::string& v) : key(k), value(v) {}
  Field(std::string_view k, const Error& e) : key(k), value(e.Describe()) {}
  template <typename Number>
    requires std::is_arithmetic_v<Number>
  Field(std::string_view k, Number v) : key(k), value(std::to_string(v)) {}

  std::string key;
  std::string value;
};

using Fields = std::initializer_list<Field>;

void SetLevel(Level lowest);  // kInfo at first.

void Debug(std::string_view event, Fields fields = {});
void Info(std::string_view event, Fields fields = {});
void Warn(std::string_view event, Fields fields = {});   // Look if it repeats.
void Error(std::string_view event, Fields fields = {});  // Look today.

}  // namespace ebb::log
