// images/challenge.h
// WWW-Authenticate: how a registry wants to be shown who asks.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace ebb::images {

struct Challenge {
  std::string scheme;                             // Lower case: "bearer", "basic".
  std::map<std::string, std::string> parameters;  // Names in lower case.
};

// The first challenge of the header's value; nullopt if it is none.
std::optional<Challenge> ParseChallenge(std::string_view value);

}  // namespace ebb::images
