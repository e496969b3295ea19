// base/nearest.h
// The known word that a mistyped one was probably meant to be.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace ebb::base {

// The candidate with the fewest single-letter edits from `word`, case aside; nullopt when even that
// one is further than a third of its letters (and two): a wild guess helps nobody.
std::optional<std::string> Nearest(std::string_view word, std::span<const std::string> candidates);

// " Did you mean 'x'?", or empty: to be appended to an error.
std::string DidYouMean(std::string_view word, std::span<const std::string> candidates);

}  // namespace ebb::base
