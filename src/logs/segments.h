// logs/segments.h
// The files of one function's log: numbered, appended to, the oldest deleted.  Everything blocks.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "logs/log_store.h"

namespace ebb::logs {

// One user at a time.
class SegmentWriter {
 public:
  SegmentWriter(base::Path folder, std::int64_t max_segment_bytes, int max_segments);

  // Whole lines.  What has been appended is seen by ReadNewest.
  Result<void> Append(std::string_view lines);

 private:
  Result<void> FindNewest();
  Result<void> AppendToNewest(std::string_view lines);
  void BeginSegment();

  const base::Path folder_;
  const std::int64_t max_segment_bytes_;
  const int max_segments_;
  std::optional<std::uint64_t> newest_;  // Number of the segment that is appended to.
  std::int64_t newest_bytes_ = 0;
};

// The newest `limit` lines that match, oldest first.  Beside a writer: sees what was appended
// before, and perhaps some of what is being appended.
std::vector<Line> ReadNewest(const base::Path& folder, const LineFilter& filter, int limit);

}  // namespace ebb::logs
