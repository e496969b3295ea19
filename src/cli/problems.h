// cli/problems.h
// What is wrong with a file that a person wrote: every complaint with its line, all at once, so
// that one run shows everything there is to mend.
#pragma once

#include <yaml-cpp/yaml.h>

#include <string>
#include <vector>

#include "base/error.h"

namespace ebb::cli {

class Problems {
 public:
  explicit Problems(std::string file) : file_(std::move(file)) {}

  void Add(const YAML::Mark& where, const std::string& what) {
    found_.push_back(file_ + ":" + std::to_string(where.line + 1) + ": " + what);
  }
  void Add(const YAML::Node& where, const std::string& what) { Add(where.Mark(), what); }

  bool any() const { return !found_.empty(); }

  Error ToError() const {  // kInvalid, one problem a line.
    std::string text;
    for (const std::string& one : found_) text += (text.empty() ? "" : "\n") + one;
    return Error::Invalid(text);
  }

 private:
  std::string file_;
  std::vector<std::string> found_;
};

}  // namespace ebb::cli
