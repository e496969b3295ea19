#include "logs/segments.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <functional>
#include <system_error>

#include "logs/line_format.h"

namespace ebb::logs {

namespace {

namespace fs = std::filesystem;

base::Path SegmentPath(const base::Path& folder, std::uint64_t number) {
  return folder / fmt::format("{:010}.log", number);
}

// Numbers of the segments that are there, newest first.
std::vector<std::uint64_t> ListSegments(const base::Path& folder) {
  std::vector<std::uint64_t> numbers;
  std::error_code error;  // No folder: no segments.
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    const std::string stem = it->path().stem().string();
    std::uint64_t number = 0;
    const auto parsed = std::from_chars(stem.data(), stem.data() + stem.size(), number);
    if (parsed.ec == std::errc() && it->path().extension() == ".log") numbers.push_back(number);
  }
  std::ranges::sort(numbers, std::greater());
  return numbers;
}

}  // namespace

SegmentWriter::SegmentWriter(base::Path folder, std::int64_t max_segment_bytes, int max_segments)
    : folder_(std::move(folder)),
      max_segment_bytes_(max_segment_bytes),
      max_segments_(max_segments) {}

Result<void> SegmentWriter::FindNewest() {
  if (newest_) return {};
  if (auto made = base::MakeFolder(folder_); !made) return made;
  const auto numbers = ListSegments(folder_);
  // A new one at every start: the last line of the old one may have been torn by a crash.
  newest_ = numbers.empty() ? 0 : numbers.front();
  BeginSegment();
  return {};
}

void SegmentWriter::BeginSegment() {
  ++*newest_;
  newest_bytes_ = 0;
  const auto numbers = ListSegments(folder_);
  for (std::size_t kept = static_cast<std::size_t>(max_segments_) - 1; kept < numbers.size();
       ++kept) {
    std::error_code ignored;  // Tried again with the next segment.
    fs::remove(SegmentPath(folder_, numbers[kept]), ignored);
  }
}

Result<void> SegmentWriter::Append(std::string_view lines) {
  if (auto found = FindNewest(); !found) return found;
  while (!lines.empty()) {
    if (newest_bytes_ >= max_segment_bytes_) BeginSegment();
    // Up to the end of the line in which the segment becomes full.
    const auto room = static_cast<std::size_t>(max_segment_bytes_ - newest_bytes_ - 1);
    const std::size_t end =
        std::min(lines.find('\n', std::min(room, lines.size() - 1)), lines.size() - 1);
    if (auto written = AppendToNewest(lines.substr(0, end + 1)); !written) return written;
    lines.remove_prefix(end + 1);
  }
  return {};
}

Result<void> SegmentWriter::AppendToNewest(std::string_view lines) {
  const base::Path path = SegmentPath(folder_, *newest_);
  const base::Fd file(
      ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR));
  if (!file.valid()) return Fail(Error::System("open " + path.string(), errno));
  auto written = base::WriteAll(file.get(), lines);
  // After a failure the segment may end in half a line: nothing may follow that.
  newest_bytes_ = written ? newest_bytes_ + std::ssize(lines) : max_segment_bytes_;
  return written;
}

std::vector<Line> ReadNewest(const base::Path& folder, const LineFilter& filter, int limit) {
  std::vector<Line> newest_first;
  bool done = limit <= 0;
  for (const std::uint64_t number : ListSegments(folder)) {
    if (done) break;
    auto bytes = base::ReadFile(SegmentPath(folder, number));
    if (!bytes) continue;  // Deleted meanwhile.
    std::string_view rest(*bytes);
    // What is behind the last line end is torn, or still being appended.
    rest = rest.substr(0, rest.rfind('\n') + 1);
    while (!done && !rest.empty()) {
      rest.remove_suffix(1);
      const std::size_t begin = rest.rfind('\n') + 1;  // npos + 1 is 0.
      auto line = ParseLine(rest.substr(begin));
      rest = rest.substr(0, begin);
      if (!line) continue;
      if (filter.since && line->time < *filter.since) done = true;  // All others are older.
      if (Matches(filter, *line)) newest_first.push_back(*std::move(line));
      if (std::ssize(newest_first) >= limit) done = true;
    }
  }
  std::ranges::reverse(newest_first);
  return newest_first;
}

}  // namespace ebb::logs
