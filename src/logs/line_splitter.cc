#include "logs/line_splitter.h"

#include <algorithm>

#include "logs/line_format.h"

namespace ebb::logs {

namespace {
// What a line takes besides its message, about: time, ids, version.  Without it an attempt that
// prints nothing but line ends would fill many times its limit.
constexpr std::int64_t kLineCost = 80;
}  // namespace

LineSplitter::LineSplitter(std::size_t max_line_bytes, std::int64_t max_bytes)
    : max_line_bytes_(max_line_bytes), max_bytes_(max_bytes), room_(max_bytes) {}

std::vector<std::string> LineSplitter::Add(std::string_view bytes) {
  if (dropping_) return {};
  std::vector<std::string> lines;
  const auto taken =
      static_cast<std::size_t>(std::clamp<std::int64_t>(room_, 0, std::ssize(bytes)));
  room_ -= static_cast<std::int64_t>(taken);
  AddWithinLimit(bytes.substr(0, taken), lines);
  if (taken < bytes.size()) {
    dropping_ = true;
    for (std::string& rest : Finish()) lines.push_back(std::move(rest));
    lines.push_back("[ebb] this request has printed its limit of " + std::to_string(max_bytes_) +
                    " bytes: the rest is dropped");
  }
  return lines;
}

void LineSplitter::AddWithinLimit(std::string_view bytes, std::vector<std::string>& lines) {
  while (!bytes.empty()) {
    const std::size_t end = bytes.find('\n');
    const bool ends = end != std::string_view::npos;
    partial_.append(bytes.substr(0, end));
    bytes.remove_prefix(ends ? end + 1 : bytes.size());
    while (partial_.size() > max_line_bytes_) TakeLine(CutForSplit(), lines);
    if (ends) TakeLine(partial_.size(), lines);
  }
}

// Not in the middle of a character: at most three bytes back.
std::size_t LineSplitter::CutForSplit() const {
  std::size_t cut = max_line_bytes_;
  for (int back = 0; back < 3 && cut > 1; ++back) {
    if ((static_cast<unsigned char>(partial_[cut]) & 0xC0) != 0x80) return cut;
    --cut;
  }
  return cut;
}

void LineSplitter::TakeLine(std::size_t length, std::vector<std::string>& lines) {
  std::string_view line = std::string_view(partial_).substr(0, length);
  if (line.ends_with('\r')) line.remove_suffix(1);
  lines.push_back(CleanUtf8(line));
  partial_.erase(0, length);
  room_ -= kLineCost;
}

std::vector<std::string> LineSplitter::Finish() {
  std::vector<std::string> lines;
  if (!partial_.empty()) TakeLine(partial_.size(), lines);
  return lines;
}

}  // namespace ebb::logs
