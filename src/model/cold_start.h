// model/cold_start.h
// What one cold start was made of: why it was needed, which way it took, how long each phase
// lasted.
#pragma once

#include <array>
#include <optional>
#include <string_view>
#include <utility>

#include "base/clock.h"

namespace ebb::model {

// Why no idle instance was there.  Each but the first two says that one had been there, and what
// became of it.
enum class ColdCause {
  kFirst,     // None of this function has been started since the server was.
  kBurst,     // Those that there are serve others.
  kEviction,  // Its memory or its place was needed.
  kExpired,   // It had been idle for too long.
  kDeploy,    // The function was updated.
  kUpgrade,   // Its runtime was upgraded on the host.
  kCrash,     // It ended, or could not serve again: killed for memory, time, a caller who left.
};

// The way that the start took, the shortest first.
enum class StartPath {
  kSpare,     // Forked from a template before it was asked for.
  kTemplate,  // Forked from a process that has loaded the code.
  kStem,      // A booted runtime that waited for a function.
  kFork,      // Forked from a booted runtime.
  kExec,      // A new program.
};

const char* ToString(ColdCause cause);  // "first", "burst", …: stored and shown.
const char* ToString(StartPath path);   // "spare", "template", …: stored and shown.
std::optional<ColdCause> ParseColdCause(std::string_view text);
std::optional<StartPath> ParseStartPath(std::string_view text);

// The phases follow one another, as the caller who waited saw them: what was over before he came
// counts nothing.
struct ColdStart {
  ColdCause cause = ColdCause::kFirst;
  StartPath path = StartPath::kExec;
  Duration queue{};       // Until there was room and the start began.
  Duration place{};       // Making that room: reserving, evicting.
  Duration fetch_code{};  // Finding the code and what else the instance is made of.
  Duration sandbox{};     // Until the process was confined.
  Duration runtime{};     // Until the runtime said that it was there.
  Duration init{};        // Loading the function's code.
  Duration first_byte{};  // From asking the function to the first byte of its answer.

  friend bool operator==(const ColdStart&, const ColdStart&) = default;
};

// For everyone who shows or keeps them: name and member, in order.
struct ColdPhase {
  const char* name;  // "queue", "place", "fetchCode", …
  Duration ColdStart::* duration;
};
inline constexpr std::array<ColdPhase, 7> kColdPhases = {{
    {"queue", &ColdStart::queue},
    {"place", &ColdStart::place},
    {"fetchCode", &ColdStart::fetch_code},
    {"sandbox", &ColdStart::sandbox},
    {"runtime", &ColdStart::runtime},
    {"init", &ColdStart::init},
    {"firstByte", &ColdStart::first_byte},
}};

}  // namespace ebb::model
