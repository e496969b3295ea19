#include "logs/line_format.h"

#include <algorithm>

#include "base/encoding.h"
#include "base/time_format.h"

namespace ebb::logs {

namespace {

// Cuts the first word off `text`.
std::string_view TakeWord(std::string_view& text) {
  const std::size_t end = std::min(text.find(' '), text.size());
  const std::string_view word = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return word;
}

}  // namespace

std::string FormatLine(const Line& line) {
  std::string text = base::FormatIsoMillis(line.time);
  for (const std::string* part : {&line.request_id, &line.instance_id, &line.version}) {
    text.append(" ").append(*part);
  }
  return text.append(" ").append(line.message).append("\n");
}

std::optional<Line> ParseLine(std::string_view text) {
  const auto time = base::ParseIso(TakeWord(text));
  if (!time) return std::nullopt;
  Line line;
  line.time = *time;
  line.request_id = TakeWord(text);
  line.instance_id = TakeWord(text);
  line.version = TakeWord(text);
  if (line.version.empty()) return std::nullopt;
  line.message = text;
  return line;
}

bool Matches(const LineFilter& filter, const Line& line) {
  if (filter.request_id && *filter.request_id != line.request_id) return false;
  return !filter.since || line.time >= *filter.since;
}

std::string CleanUtf8(std::string_view text) {
  if (base::IsUtf8(text)) return std::string(text);
  std::string clean;
  while (!text.empty()) {
    std::size_t length = 1;
    while (length <= 4 && length <= text.size() && !base::IsUtf8(text.substr(0, length))) ++length;
    const bool valid = length <= 4 && length <= text.size();
    clean.append(valid ? text.substr(0, length) : "\xef\xbf\xbd");
    text.remove_prefix(valid ? length : 1);
  }
  return clean;
}

}  // namespace ebb::logs
