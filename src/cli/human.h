// cli/human.h
// Numbers as people read and write them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/units.h"

namespace ebb::cli {

std::string FormatBytes(std::int64_t bytes);      // "812 B", "3.4 kB", "1.2 MB": powers of 1000.
std::string FormatMillis(double milliseconds);    // "0.35 ms", "12.3 ms", "4.56 s", "3 m 12 s"
std::string FormatSeconds(std::int64_t seconds);  // "12 s", "3 m", "5 h", "2 d"

// "90s", "10m", "2h", "1d" before `now`, or a time as "2026-11-23T20:00:00Z".
std::optional<WallTime> ParseSince(std::string_view text, WallTime now);

}  // namespace ebb::cli
