#include "model/cold_start.h"

#include <span>

namespace ebb::model {
namespace {

constexpr ColdCause kCauses[] = {ColdCause::kFirst,   ColdCause::kBurst,  ColdCause::kEviction,
                                 ColdCause::kExpired, ColdCause::kDeploy, ColdCause::kUpgrade,
                                 ColdCause::kCrash};
constexpr StartPath kPaths[] = {StartPath::kSpare, StartPath::kTemplate, StartPath::kStem,
                                StartPath::kFork, StartPath::kExec};

template <typename T>
std::optional<T> Find(std::span<const T> all, std::string_view text) {
  for (const T one : all) {
    if (text == ToString(one)) return one;
  }
  return std::nullopt;
}

}  // namespace

const char* ToString(ColdCause cause) {
  switch (cause) {
    case ColdCause::kFirst:
      return "first";
    case ColdCause::kBurst:
      return "burst";
    case ColdCause::kEviction:
      return "eviction";
    case ColdCause::kExpired:
      return "expired";
    case ColdCause::kDeploy:
      return "deploy";
    case ColdCause::kUpgrade:
      return "upgrade";
    case ColdCause::kCrash:
      return "crash";
  }
  return "?";
}

const char* ToString(StartPath path) {
  switch (path) {
    case StartPath::kSpare:
      return "spare";
    case StartPath::kTemplate:
      return "template";
    case StartPath::kStem:
      return "stem";
    case StartPath::kFork:
      return "fork";
    case StartPath::kExec:
      return "exec";
  }
  return "?";
}

std::optional<ColdCause> ParseColdCause(std::string_view text) {
  return Find<ColdCause>(kCauses, text);
}

std::optional<StartPath> ParseStartPath(std::string_view text) {
  return Find<StartPath>(kPaths, text);
}

}  // namespace ebb::model
