// cli/trigger_text.h
// A trigger in a few words.
#pragma once

#include <string>

#include "base/json.h"

namespace ebb::cli {

// Of a trigger as the server gives it: the URL of an http trigger, the bucket, events, prefix and
// suffix of an oss trigger, the schedule of a timer.
std::string DescribeTrigger(const json::object& trigger);

}  // namespace ebb::cli
