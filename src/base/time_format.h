// base/time_format.h
// Calendar time to text and back, always UTC.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace ebb::base {

std::string FormatIso(WallTime t);         // 2026-11-23T20:16:25Z
std::string FormatIsoMillis(WallTime t);   // 2026-11-23T20:16:25.123Z
std::string FormatIsoCompact(WallTime t);  // 20261123T201625Z, as SigV4 writes it
std::string FormatHttpDate(WallTime t);    // Mon, 23 Nov 2026 20:16:25 GMT

std::optional<WallTime> ParseIso(std::string_view text);  // With or without fraction; Z required.
std::optional<WallTime> ParseIsoCompact(std::string_view text);
std::optional<WallTime> ParseHttpDate(std::string_view text);

}  // namespace ebb::base
