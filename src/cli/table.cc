#include "cli/table.h"

#include <algorithm>

#include "base/check.h"

namespace ebb::cli {
namespace {

// Columns that a text takes on a terminal: code points, which is right for everything but wide and
// combining characters.  Names of ours are ASCII; only users' descriptions are not.
std::size_t Width(const std::string& text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (c & 0xC0) != 0x80; }));
}

}  // namespace

void Table::Add(std::vector<std::string> cells) {
  EBB_CHECK(cells.size() == columns_.size(), "a row has a cell for every column");
  for (std::string& cell : cells) {
    std::ranges::replace_if(cell, [](char c) { return c == '\n' || c == '\r' || c == '\t'; }, ' ');
  }
  rows_.push_back(std::move(cells));
}

std::string Table::Format() const {
  std::vector<std::size_t> widths;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    std::size_t width = Width(columns_[i].heading);
    for (const auto& row : rows_) width = std::max(width, Width(row[i]));
    widths.push_back(width);
  }
  std::string out;
  auto add_row = [&](auto cell_of) {
    std::string line;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      const std::string& cell = cell_of(i);
      const std::string space(widths[i] - Width(cell), ' ');
      if (i > 0) line += "  ";
      line += columns_[i].align == Align::kRight ? space + cell : cell + space;
    }
    line.resize(line.find_last_not_of(' ') + 1);
    out += line + "\n";
  };
  add_row([&](std::size_t i) -> const std::string& { return columns_[i].heading; });
  for (const auto& row : rows_) {
    add_row([&](std::size_t i) -> const std::string& { return row[i]; });
  }
  return out;
}

}  // namespace ebb::cli
