// packages/entry_path.h
// The name of an archive's entry, as a path that cannot leave the folder it is unpacked into.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace ebb::packages {

// The parts between slashes; none is "", "." or "..".  No parts at all: the folder itself.
using EntryPath = std::vector<std::string>;

// Errors: kInvalid, code "InvalidArgument", naming the entry: absolute, has a "..", is too long, is
// not UTF-8.
Result<EntryPath> ParseEntryPath(std::string_view name);

std::string FormatEntryPath(const EntryPath& path);

// True if a symbolic link at `link` that holds `target` points out of the folder, going by the
// letters alone.  False does not prove the opposite: other links on the way may lead elsewhere.
bool PointsOut(const EntryPath& link, std::string_view target);

// kInvalid, code "InvalidArgument": `code package: entry "name" <what>`.
Error BadEntry(std::string_view name, std::string_view what, std::string_view of = "code package");

}  // namespace ebb::packages
