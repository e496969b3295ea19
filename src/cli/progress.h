// cli/progress.h
// What is waited for, on a terminal: a bar for an upload, a line for what the server does.
#pragma once

#include <cstddef>
#include <string>

#include "cli/console.h"

namespace ebb::cli {

// Draws on standard error, on one line that it takes away again.  Draws nothing when that is no
// terminal.
class ProgressBar {
 public:
  ProgressBar(Console& console, std::string label, std::size_t whole);
  ~ProgressBar();
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  void Show(std::size_t done);

 private:
  Console& console_;
  std::string label_;
  std::size_t whole_;
  std::size_t shown_percent_ = 101;  // Redraws only what looks different.
};

// A line that says what is waited for, where nobody can say how much of it is done.  Drawn and
// taken away as the bar.
class Notice {
 public:
  Notice(Console& console, const std::string& text);
  ~Notice();
  Notice(const Notice&) = delete;
  Notice& operator=(const Notice&) = delete;

 private:
  Console& console_;
};

// "thumbnail  [######--------------]  31 %  of 4.2 MB"
std::string FormatProgress(const std::string& label, std::size_t done, std::size_t whole);

}  // namespace ebb::cli
