#include "images/challenge.h"

namespace ebb::images {
namespace {

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool IsToken(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
         c == '_' || c == '.';
}

// RFC 7235's grammar, as far as registries use it.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  void SkipSpaces() {
    while (!text_.empty() && (text_[0] == ' ' || text_[0] == '\t')) text_.remove_prefix(1);
  }
  std::string Token() {
    std::string out;
    while (!text_.empty() && IsToken(text_[0])) Take(out, Lower(text_[0]));
    return out;
  }
  bool Skip(char c) {
    if (!text_.starts_with(c)) return false;
    text_.remove_prefix(1);
    return true;
  }
  std::optional<std::string> Value() {
    std::string out;
    if (!Skip('"')) {
      while (!text_.empty() && text_[0] != ',' && text_[0] != ' ') Take(out, text_[0]);
      return out;
    }
    while (!text_.empty() && text_[0] != '"') {
      if (text_[0] == '\\') text_.remove_prefix(1);
      if (text_.empty()) return std::nullopt;
      Take(out, text_[0]);
    }
    if (!Skip('"')) return std::nullopt;
    return out;
  }

 private:
  void Take(std::string& out, char c) {
    out += c;
    text_.remove_prefix(1);
  }
  std::string_view text_;
};

}  // namespace

std::optional<Challenge> ParseChallenge(std::string_view value) {
  Reader reader(value);
  reader.SkipSpaces();
  Challenge out{reader.Token(), {}};
  if (out.scheme.empty()) return std::nullopt;
  while (true) {
    reader.SkipSpaces();
    const std::string name = reader.Token();
    if (name.empty() || !reader.Skip('=')) return out;  // The end, or another challenge.
    auto parameter = reader.Value();
    if (!parameter) return std::nullopt;
    out.parameters[name] = *std::move(parameter);
    reader.SkipSpaces();
    if (!reader.Skip(',')) return out;
  }
}

}  // namespace ebb::images
