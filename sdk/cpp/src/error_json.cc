#include "error_json.h"

#include <cxxabi.h>
#include <ebb/fc.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <typeinfo>

namespace fc::internal {
namespace {

// How many bytes of well-formed UTF-8 begin `text`: one character's, or 0.  The forms that UTF-8
// forbids (overlong, surrogates, beyond U+10FFFF) are let through: they break no JSON.
std::size_t CharacterSize(std::string_view text) {
  const auto first = static_cast<unsigned char>(text[0]);
  const std::size_t size = first < 0x80             ? 1
                           : (first & 0xe0) == 0xc0 ? 2
                           : (first & 0xf0) == 0xe0 ? 3
                           : (first & 0xf8) == 0xf0 ? 4
                                                    : 0;
  if (size == 0 || size > text.size()) return 0;
  for (std::size_t i = 1; i < size; ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xc0) != 0x80) return 0;
  }
  return size;
}

std::string Quoted(std::string_view text) {
  std::string out = "\"";
  while (!text.empty()) {
    const std::size_t size = CharacterSize(text);
    const char c = text[0];
    if (size == 0) {
      out += "\\ufffd";
    } else if (c == '"' || c == '\\') {
      out.append(1, '\\').append(1, c);
    } else if (size == 1 && static_cast<unsigned char>(c) < 0x20) {
      char escaped[8];
      snprintf(escaped, sizeof escaped, "\\u%04x", static_cast<unsigned>(c));
      out += escaped;
    } else {
      out.append(text.substr(0, size));
    }
    text.remove_prefix(size == 0 ? 1 : size);
  }
  return out + "\"";
}

std::string CurrentExceptionClass() {
  const std::type_info* type = abi::__cxa_current_exception_type();
  if (type == nullptr) return "unknown";
  int status = -1;
  char* name = abi::__cxa_demangle(type->name(), nullptr, nullptr, &status);
  std::string text = status == 0 ? name : type->name();
  std::free(name);
  return text;
}

}  // namespace

std::string ErrorJson(std::string_view message, std::string_view type) {
  return "{\"errorMessage\":" + Quoted(message) + ",\"errorType\":" + Quoted(type) +
         ",\"stackTrace\":[]}";
}

std::string CurrentErrorJson() {
  try {
    throw;
  } catch (const Error& error) {
    return ErrorJson(error.what(), error.type());
  } catch (const std::exception& error) {
    return ErrorJson(error.what(), CurrentExceptionClass());
  } catch (...) {
    return ErrorJson("an exception that is no std::exception", CurrentExceptionClass());
  }
}

}  // namespace fc::internal
