// logs/line_splitter.h
// Makes lines of what one attempt prints, within its limits.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ebb::logs {

class LineSplitter {
 public:
  // Lines longer than `max_line_bytes` are split; beyond `max_bytes`, which counts about what the
  // lines take in their file, everything is dropped, after a line that says so.
  LineSplitter(std::size_t max_line_bytes, std::int64_t max_bytes);

  // The lines that `bytes` complete.
  std::vector<std::string> Add(std::string_view bytes);
  // What is left without a line end, if anything.
  std::vector<std::string> Finish();

 private:
  void AddWithinLimit(std::string_view bytes, std::vector<std::string>& lines);
  void TakeLine(std::size_t length, std::vector<std::string>& lines);
  std::size_t CutForSplit() const;

  const std::size_t max_line_bytes_;
  const std::int64_t max_bytes_;
  std::int64_t room_;  // Bytes that may still be taken; a little below 0 at the end.
  bool dropping_ = false;
  std::string partial_;
};

}  // namespace ebb::logs
