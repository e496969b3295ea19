#include "buckets/key_order.h"

#include <cstdint>

namespace ebb::buckets {
namespace {

bool IsContinuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

std::uint32_t Decode(const std::string& bytes) {
  const auto lead = static_cast<unsigned char>(bytes[0]);
  if (bytes.size() == 1) return lead;
  std::uint32_t code = lead & (0x7Fu >> bytes.size());
  for (std::size_t i = 1; i < bytes.size(); ++i) {
    code = code << 6 | (static_cast<unsigned char>(bytes[i]) & 0x3Fu);
  }
  return code;
}

std::string Encode(std::uint32_t code) {
  const auto byte = [](std::uint32_t value) { return static_cast<char>(value); };
  const auto tail = [&](int shift) { return byte(0x80 | (code >> shift & 0x3F)); };
  if (code < 0x80) return {byte(code)};
  if (code < 0x800) return {byte(0xC0 | code >> 6), tail(0)};
  if (code < 0x10000) return {byte(0xE0 | code >> 12), tail(6), tail(0)};
  return {byte(0xF0 | code >> 18), tail(12), tail(6), tail(0)};
}

}  // namespace

std::optional<std::string> CommonPrefixOf(const std::string& key, const std::string& prefix,
                                          const std::string& delimiter) {
  if (delimiter.empty() || !key.starts_with(prefix)) return std::nullopt;
  const auto at = key.find(delimiter, prefix.size());
  if (at == std::string::npos) return std::nullopt;
  return key.substr(0, at + delimiter.size());
}

std::optional<std::string> FirstKeyBehind(std::string prefix) {
  while (!prefix.empty()) {
    std::size_t last = prefix.size() - 1;
    while (last > 0 && IsContinuation(prefix[last])) --last;
    std::uint32_t code = Decode(prefix.substr(last));
    prefix.resize(last);
    if (code == 0x10FFFF) continue;  // Nothing comes after it: the character before must grow.
    code = code == 0xD7FF ? 0xE000 : code + 1;  // Surrogates are no characters.
    return prefix + Encode(code);
  }
  return std::nullopt;
}

}  // namespace ebb::buckets
