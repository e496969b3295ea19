// base/encoding.h
// Bytes to text and back: hex, base64, percent encoding.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ebb::base {

std::string FormatHex(std::string_view bytes);  // Lower case.
std::optional<std::string> ParseHex(std::string_view text);

std::string FormatBase64(std::string_view bytes);               // With padding.
std::string FormatBase64Url(std::string_view bytes);            // RFC 4648 section 5, no padding.
std::optional<std::string> ParseBase64(std::string_view text);  // Padding required; no white space.
std::optional<std::string> ParseBase64Url(std::string_view text);

// Percent-encodes everything outside RFC 3986's unreserved set.  kKeepSlash leaves '/' as it is.
enum class Slash { kEncode, kKeep };
std::string FormatPercent(std::string_view text, Slash slash = Slash::kEncode);
// nullopt for a '%' not followed by two hex digits.  '+' stays '+'.
std::optional<std::string> ParsePercent(std::string_view text);

bool IsUtf8(std::string_view text);  // Well-formed, no surrogates, nothing beyond U+10FFFF.

}  // namespace ebb::base
