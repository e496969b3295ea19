// cli/difference.h
// What a deployed thing differs in from what an s.yaml wants of it.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"

namespace ebb::cli {

struct Difference {
  std::string field;
  std::string text;  // "memorySize 512 → 1024"; of maps and lists, whose values may be secret, the
                     // name only.
};

// Only fields that `wanted` has count: what a file does not mention stays as it is.  Numbers are
// equal by value; an absent text is equal to an empty one; maps of configuration are compared field
// by field in the same way, but environmentVariables as a whole, so that a variable taken out of
// the file goes.  triggerConfig is compared as the JSON that its text holds.
std::vector<Difference> Compare(const json::object& wanted, const json::object& present);

}  // namespace ebb::cli
