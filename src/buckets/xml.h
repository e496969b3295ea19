// buckets/xml.h
// The little XML that S3 needs: documents written element by element, and parsed ones.
#pragma once

#include <cstdint>
#include <memory>
#include <pugixml.hpp>
#include <string>
#include <string_view>

#include "base/error.h"

namespace ebb::buckets {

class Xml {
 public:
  enum class Namespace { kS3, kNone };
  explicit Xml(const char* root, Namespace name_space = Namespace::kS3);

  // Adds <name>text</name> where we are.
  void Add(const char* name, const std::string& text);
  void Add(const char* name, const char* text) { Add(name, std::string(text)); }
  void Add(const char* name, std::int64_t number) { Add(name, std::to_string(number)); }
  void Add(const char* name, bool truth) { Add(name, truth ? "true" : "false"); }

  void Text(const std::string& text);  // Of the element where we are.

  void Begin(const char* name);                         // Goes into a new element …
  void End();                                           // … and out of it again.
  void Attribute(const char* name, const char* value);  // Of the element where we are.

  std::string Format() const;

 private:
  pugi::xml_document document_;
  pugi::xml_node at_;
};

// kInvalid "MalformedXML".
Result<std::unique_ptr<pugi::xml_document>> ParseXml(const std::string& text);

}  // namespace ebb::buckets
