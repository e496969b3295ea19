#include "images/reference.h"

#include <algorithm>

#include "model/function_rules.h"

namespace ebb::images {
namespace {

// The reference grammar of github.com/distribution/reference.
constexpr std::size_t kMaxName = 255;
constexpr std::size_t kMaxTag = 128;

bool IsLower(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }
bool IsWord(char c) { return IsLower(c) || (c >= 'A' && c <= 'Z') || c == '_'; }

bool IsRepository(std::string_view name) {
  if (name.empty() || name.size() > kMaxName) return false;
  bool word_before = false;  // Separators stand between words.
  for (const char c : name) {
    const bool separator = c == '/' || c == '.' || c == '_' || c == '-';
    if (!separator && !IsLower(c)) return false;
    if (c == '/' && !word_before) return false;
    if (c == '.' && !word_before) return false;
    word_before = !separator;
  }
  return word_before && IsLower(name[0]) && !name.contains("/_") && !name.contains("/-");
}

bool IsTag(std::string_view tag) {
  return !tag.empty() && tag.size() <= kMaxTag && IsWord(tag[0]) &&
         std::ranges::all_of(tag, [](char c) { return IsWord(c) || c == '.' || c == '-'; });
}

// A host name or address, with a port or not.
bool IsRegistry(std::string_view text) {
  if (text.empty() || (!IsWord(text[0]) && text[0] != '[')) return false;
  return std::ranges::all_of(text, [](char c) {
    return IsWord(c) || c == '.' || c == '-' || c == ':' || c == '[' || c == ']';
  });
}

}  // namespace

bool IsSha256Digest(std::string_view text) {
  constexpr std::string_view kBefore = "sha256:";
  return text.size() == kBefore.size() + 64 && text.starts_with(kBefore) &&
         std::ranges::all_of(text.substr(kBefore.size()), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

Result<Reference> ParseReference(std::string_view text) {
  const auto bad = [&](std::string_view what) {
    return Fail(model::InvalidArgument("image " + model::Quoted(text) + " " + std::string(what)));
  };
  Reference out;
  std::string_view rest = text;
  if (const std::size_t at = rest.find('@'); at != std::string_view::npos) {
    out.digest = rest.substr(at + 1);
    rest = rest.substr(0, at);
    if (!IsSha256Digest(out.digest)) return bad("has a digest that is not sha256:…");
  }
  const std::size_t colon = rest.rfind(':');
  if (colon != std::string_view::npos && !rest.substr(colon).contains('/')) {
    out.tag = rest.substr(colon + 1);
    rest = rest.substr(0, colon);
    if (!IsTag(out.tag)) return bad("has a bad tag");
  } else if (out.digest.empty()) {
    out.tag = "latest";
  }
  const std::size_t slash = rest.find('/');
  const std::string_view first = rest.substr(0, slash);
  if (slash != std::string_view::npos &&
      (first.contains('.') || first.contains(':') || first == "localhost")) {
    out.registry = first;
    out.repository = rest.substr(slash + 1);
  } else {
    out.registry = "docker.io";
    out.repository = slash == std::string_view::npos ? "library/" + std::string(rest) : rest;
  }
  if (!IsRegistry(out.registry) || !IsRepository(out.repository)) {
    return bad("is not the name of an image: use [registry/]repository[:tag][@sha256:…]");
  }
  return out;
}

}  // namespace ebb::images
