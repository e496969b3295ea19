// packages/zip_directory.h
// The list of entries at a zip's end, looked at for what libarchive passes over in silence.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace ebb::packages {

// The first name with a NUL in it: libarchive would end it there and hide the rest.  None too for
// what is no zip or a damaged one: that is for others to say.
std::optional<std::string> FindNameWithNul(std::string_view zip);

// False when the list does not hold as many entries as it says: libarchive ends quietly at the
// first one that it cannot read, and an archive with a damaged list would pass as a smaller one.
bool ListsAllEntries(std::string_view zip);

}  // namespace ebb::packages
