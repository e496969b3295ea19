// packages/zip_names.h
// The names in a zip that hold a NUL: libarchive would end them there and hide the rest.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace ebb::packages {

// The first such name.  None too for what is no zip or a damaged one: that is for others to say.
std::optional<std::string> FindNameWithNul(std::string_view zip);

}  // namespace ebb::packages
