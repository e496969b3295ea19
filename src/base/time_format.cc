#include "base/time_format.h"

#include <time.h>

#include <cstdio>
#include <cstdlib>

namespace ebb::base {
namespace {

tm ToCalendar(WallTime t) {
  const time_t seconds = std::chrono::floor<std::chrono::seconds>(t).time_since_epoch().count();
  tm out{};
  gmtime_r(&seconds, &out);
  return out;
}

std::string Format(const char* pattern, WallTime t) {
  const tm calendar = ToCalendar(t);
  char buffer[64];
  const std::size_t n = strftime(buffer, sizeof buffer, pattern, &calendar);
  return {buffer, n};
}

// Reads `text` up to the first character that `pattern` does not cover; `rest` is what follows.
std::optional<WallTime> Parse(const char* pattern, const std::string& text, std::string& rest) {
  tm calendar{};
  const char* end = strptime(text.c_str(), pattern, &calendar);
  if (end == nullptr) return std::nullopt;
  rest = end;
  // timegm would silently turn 30 February into 2 March.
  const tm asked = calendar;
  const time_t seconds = timegm(&calendar);
  if (asked.tm_mday != calendar.tm_mday || asked.tm_mon != calendar.tm_mon) return std::nullopt;
  return WallTime(std::chrono::seconds(seconds));
}

}  // namespace

std::string FormatIso(WallTime t) { return Format("%Y-%m-%dT%H:%M:%SZ", t); }

std::string FormatIsoMillis(WallTime t) {
  const auto ms = std::chrono::floor<Millis>(t).time_since_epoch().count() % 1000;
  char fraction[8];
  std::snprintf(fraction, sizeof fraction, ".%03dZ", static_cast<int>(ms));
  return Format("%Y-%m-%dT%H:%M:%S", t) + fraction;
}

std::string FormatIsoCompact(WallTime t) { return Format("%Y%m%dT%H%M%SZ", t); }
std::string FormatHttpDate(WallTime t) { return Format("%a, %d %b %Y %H:%M:%S GMT", t); }

std::optional<WallTime> ParseIso(std::string_view text) {
  std::string rest;
  auto t = Parse("%Y-%m-%dT%H:%M:%S", std::string(text), rest);
  if (!t) return std::nullopt;
  if (rest == "Z") return t;
  if (!rest.starts_with('.') || !rest.ends_with('Z') || rest.size() > 11) return std::nullopt;
  std::int64_t nanos = 0;
  std::int64_t scale = 1'000'000'000;
  for (const char c : rest.substr(1, rest.size() - 2)) {
    if (c < '0' || c > '9') return std::nullopt;
    nanos = nanos * 10 + (c - '0');
    scale /= 10;
  }
  return *t + std::chrono::nanoseconds(nanos * scale);
}

std::optional<WallTime> ParseIsoCompact(std::string_view text) {
  std::string rest;
  auto t = Parse("%Y%m%dT%H%M%SZ", std::string(text), rest);
  return t && rest.empty() && text.size() == 16 ? t : std::nullopt;
}

std::optional<WallTime> ParseHttpDate(std::string_view text) {
  std::string rest;
  auto t = Parse("%a, %d %b %Y %H:%M:%S GMT", std::string(text), rest);
  return t && rest.empty() ? t : std::nullopt;
}

}  // namespace ebb::base
