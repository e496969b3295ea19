#include "buckets/xml.h"

namespace ebb::buckets {
namespace {

class StringWriter : public pugi::xml_writer {
 public:
  void write(const void* data, std::size_t size) override {
    text.append(static_cast<const char*>(data), size);
  }
  std::string text;
};

}  // namespace

Xml::Xml(const char* root, Namespace name_space) {
  at_ = document_.append_child(root);
  if (name_space == Namespace::kS3) {
    Attribute("xmlns", "http://s3.amazonaws.com/doc/2006-03-01/");
  }
}

void Xml::Add(const char* name, const std::string& text) {
  at_.append_child(name).append_child(pugi::node_pcdata).set_value(text.c_str());
}

void Xml::Text(const std::string& text) {
  at_.append_child(pugi::node_pcdata).set_value(text.c_str());
}

void Xml::Begin(const char* name) { at_ = at_.append_child(name); }
void Xml::End() { at_ = at_.parent(); }
void Xml::Attribute(const char* name, const char* value) {
  at_.append_attribute(name).set_value(value);
}

std::string Xml::Format() const {
  StringWriter writer;
  writer.text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
  document_.save(writer, "", pugi::format_raw | pugi::format_no_declaration, pugi::encoding_utf8);
  return writer.text;
}

Result<std::unique_ptr<pugi::xml_document>> ParseXml(const std::string& text) {
  auto document = std::make_unique<pugi::xml_document>();
  // White space is kept: a key may consist of it.
  const auto parsed = document->load_buffer(text.data(), text.size(),
                                            pugi::parse_default | pugi::parse_ws_pcdata_single);
  if (parsed) return document;
  return Fail(Error::Invalid("The XML you provided was not well-formed or did not validate against "
                             "our published schema")
                  .WithCode("MalformedXML")
                  .WithDetail(parsed.description()));
}

}  // namespace ebb::buckets
