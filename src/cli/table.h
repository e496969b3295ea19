// cli/table.h
// Rows under headings, aligned with spaces: the same on a terminal and in a pipe.
#pragma once

#include <string>
#include <vector>

namespace ebb::cli {

enum class Align { kLeft, kRight };

class Table {
 public:
  struct Column {
    std::string heading;
    Align align = Align::kLeft;
  };
  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

  void Add(std::vector<std::string> cells);  // As many as there are columns.
  std::string Format() const;                // Ends with a line end; no spaces at line ends.

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace ebb::cli
