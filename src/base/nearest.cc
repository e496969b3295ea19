#include "base/nearest.h"

#include <algorithm>
#include <cctype>
#include <vector>

namespace ebb::base {
namespace {

bool SameLetter(char a, char b) {
  return std::tolower(static_cast<unsigned char>(a)) == std::tolower(static_cast<unsigned char>(b));
}

// Levenshtein's distance, one row at a time.
std::size_t Edits(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (SameLetter(a[i - 1], b[j - 1]) ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
    }
  }
  return row[b.size()];
}

}  // namespace

std::optional<std::string> Nearest(std::string_view word, std::span<const std::string> candidates) {
  const std::string* best = nullptr;
  std::size_t best_edits = 0;
  for (const std::string& candidate : candidates) {
    const std::size_t edits = Edits(word, candidate);
    if (best == nullptr || edits < best_edits) {
      best = &candidate;
      best_edits = edits;
    }
  }
  if (best == nullptr || best_edits > std::max<std::size_t>(2, best->size() / 3)) return {};
  return *best;
}

std::string DidYouMean(std::string_view word, std::span<const std::string> candidates) {
  auto nearest = Nearest(word, candidates);
  return nearest ? "  Did you mean '" + *nearest + "'?" : "";
}

}  // namespace ebb::base
