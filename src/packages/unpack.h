// packages/unpack.h
// Unpacks an archive that may be hostile into an empty folder.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/error.h"
#include "base/file.h"

namespace ebb::packages {

struct UnpackLimits {
  std::int64_t max_bytes = 0;
  std::int64_t max_entries = 0;
  int max_ratio = 0;
};

// Everything is on disk when this returns OK.  After an error the folder holds a part: remove it.
// Blocks.  Errors: kInvalid, codes "InvalidArgument" and "EntityTooLarge", naming the entry;
// kUnavailable for disk trouble.
Result<void> Unpack(std::string_view bytes, const base::Path& folder, const UnpackLimits& limits);

}  // namespace ebb::packages
