// cli/shape.h
// What a map in an s.yaml may hold, as a table, and reading a map by such a table into JSON.
//
// Every field that is not in the table is a problem: named as one that Ebb does not have yet if the
// cloud has it, else with the nearest known name.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "cli/problems.h"

namespace ebb::cli {

enum class FieldType {
  kText,
  kWhole,   // A whole number.
  kNumber,  // Also with a fraction.
  kBoolean,
  kTextList,
  kTextMap,
  kMap,      // By Field::inner.
  kMapList,  // A list of such maps.
  kFree,     // Not looked into; left out of the JSON.
};

struct Shape;

enum class Need { kOptional, kRequired };

struct Field {
  const char* name;
  FieldType type;
  Need need = Need::kOptional;
  const Shape* inner = nullptr;
};

struct Shape {
  const char* what;  // "props": for messages.
  std::vector<Field> fields;
  std::vector<std::string> not_yet;  // The cloud has them, Ebb does not.
};

// What is wrong goes to `problems`; what is right is in the result all the same.
json::object ReadShape(const YAML::Node& node, const Shape& shape, Problems& problems);

}  // namespace ebb::cli
