// logs/line_format.h
// One log line as it lies in a file: "<time> <request id> <instance id> <version> <message>\n".
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "logs/log_store.h"

namespace ebb::logs {

std::string FormatLine(const Line& line);  // With the line end.
// Without the line end.  nullopt for what is not a line, such as one torn by a crash.
std::optional<Line> ParseLine(std::string_view text);

bool Matches(const LineFilter& filter, const Line& line);

// `text` as UTF-8: bytes that are not are replaced by U+FFFD.
std::string CleanUtf8(std::string_view text);

}  // namespace ebb::logs
