// images/unpack.h
// Lays one layer, a file as it was downloaded, on top of what an ImageTree holds.
#pragma once

#include <cstdint>

#include "base/error.h"
#include "base/file.h"
#include "images/image_tree.h"

namespace ebb::images {

struct Room {
  std::int64_t bytes = 0;    // What may still be unpacked; falls.
  std::int64_t entries = 0;  // The same, of files, folders and links.
};

// Tar, plain or compressed with gzip, zstd or xz.  Blocks.  After an error the tree holds a part.
// Errors: as ImageTree; kInvalid when there is no more room.
Result<void> UnpackLayer(const base::Path& layer, ImageTree& tree, Room& room);

}  // namespace ebb::images
