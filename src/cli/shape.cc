#include "cli/shape.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <set>

#include "base/nearest.h"

namespace ebb::cli {
namespace {

std::string In(const Shape& shape, const std::string& field) {
  return "'" + field + "' in " + shape.what;
}

template <typename T>
std::optional<T> ParseWholly(const std::string& text) {
  T value{};
  const char* end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stopped != end) return {};
  return value;
}

class FieldReader {
 public:
  FieldReader(const Shape& shape, const Field& field, Problems& problems)
      : shape_(shape), field_(field), problems_(problems) {}

  std::optional<json::value> Read(const YAML::Node& node) {
    switch (field_.type) {
      case FieldType::kText:
        return ReadText(node);
      case FieldType::kWhole:
        return ReadNumber<std::int64_t>(node, "a whole number");
      case FieldType::kNumber:
        return ReadNumber<double>(node, "a number");
      case FieldType::kBoolean:
        return ReadBoolean(node);
      case FieldType::kTextList:
        return ReadTextList(node);
      case FieldType::kTextMap:
        return ReadTextMap(node);
      case FieldType::kMap:
        return json::value(ReadShape(node, *field_.inner, problems_));
      case FieldType::kMapList:
        return ReadMapList(node);
      case FieldType::kFree:
        return {};
    }
    return {};
  }

 private:
  std::optional<json::value> Refuse(const YAML::Node& node, const std::string& must_be) {
    problems_.Add(node, In(shape_, field_.name) + " must be " + must_be);
    return {};
  }

  std::optional<json::value> ReadText(const YAML::Node& node) {
    if (!node.IsScalar()) return Refuse(node, "text");
    return json::value(node.Scalar());
  }

  template <typename T>
  std::optional<json::value> ReadNumber(const YAML::Node& node, const char* must_be) {
    if (!node.IsScalar()) return Refuse(node, must_be);
    const auto value = ParseWholly<T>(node.Scalar());
    if (!value) return Refuse(node, std::string(must_be) + ", not '" + node.Scalar() + "'");
    return json::value(*value);
  }

  std::optional<json::value> ReadBoolean(const YAML::Node& node) {
    if (node.IsScalar() && node.Scalar() == "true") return json::value(true);
    if (node.IsScalar() && node.Scalar() == "false") return json::value(false);
    return Refuse(node, "true or false");
  }

  std::optional<json::value> ReadTextList(const YAML::Node& node) {
    if (!node.IsSequence()) return Refuse(node, "a list of texts");
    json::array out;
    for (const YAML::Node& one : node) {
      if (!one.IsScalar()) return Refuse(one, "a list of texts");
      out.push_back(json::value(one.Scalar()));
    }
    return json::value(std::move(out));
  }

  std::optional<json::value> ReadTextMap(const YAML::Node& node) {
    if (!node.IsMap()) return Refuse(node, "a map of names to texts");
    json::object out;
    for (const auto& entry : node) {
      if (!entry.first.IsScalar() || !entry.second.IsScalar()) {
        return Refuse(entry.first, "a map of names to texts");
      }
      out[entry.first.Scalar()] = entry.second.Scalar();
    }
    return json::value(std::move(out));
  }

  std::optional<json::value> ReadMapList(const YAML::Node& node) {
    if (!node.IsSequence()) return Refuse(node, "a list");
    json::array out;
    for (const YAML::Node& one : node) {
      out.push_back(ReadShape(one, *field_.inner, problems_));
    }
    return json::value(std::move(out));
  }

  const Shape& shape_;
  const Field& field_;
  Problems& problems_;
};

void AddUnknown(const YAML::Node& key, const Shape& shape, Problems& problems) {
  const std::string& name = key.Scalar();
  if (std::ranges::find(shape.not_yet, name) != shape.not_yet.end()) {
    problems.Add(key, In(shape, name) + " is a field that Ebb does not have yet");
    return;
  }
  std::vector<std::string> known;
  known.reserve(shape.fields.size());
  for (const Field& field : shape.fields) known.emplace_back(field.name);
  problems.Add(key, "there is no field " + In(shape, name) + "." + base::DidYouMean(name, known));
}

}  // namespace

json::object ReadShape(const YAML::Node& node, const Shape& shape, Problems& problems) {
  json::object out;
  if (!node.IsMap()) {
    problems.Add(node, std::string(shape.what) + " must be a map of fields");
    return out;
  }
  std::set<std::string> seen;
  for (const auto& entry : node) {
    if (!entry.first.IsScalar()) {
      problems.Add(entry.first, std::string("a field's name in ") + shape.what + " must be text");
      continue;
    }
    const std::string name = entry.first.Scalar();
    if (!seen.insert(name).second) problems.Add(entry.first, In(shape, name) + " is there twice");
    const auto field =
        std::ranges::find_if(shape.fields, [&](const Field& f) { return name == f.name; });
    if (field == shape.fields.end()) {
      AddUnknown(entry.first, shape, problems);
    } else if (!entry.second.IsNull()) {
      auto value = FieldReader(shape, *field, problems).Read(entry.second);
      if (value) out[name] = std::move(*value);
    } else if (field->type == FieldType::kText) {
      out[name] = "";  // "description:" with nothing behind it.
    }
  }
  for (const Field& field : shape.fields) {
    if (field.need == Need::kRequired && !seen.contains(field.name)) {
      problems.Add(node, In(shape, field.name) + " is missing");
    }
  }
  return out;
}

}  // namespace ebb::cli
