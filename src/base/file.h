// base/file.h
// Whole files, and the steps that make a file survive a crash.  Everything here may block.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/fd.h"

namespace ebb::base {

using Path = std::filesystem::path;

Result<std::string> ReadFile(const Path& path);  // kNotFound if it is not there.

// All of `bytes`, however many write(2) calls it takes.  kUnavailable, "No space left" included.
Result<void> WriteAll(int fd, std::string_view bytes);

// Write to a temporary name beside `path`, fsync, rename, fsync the folder.  Whatever moment the
// machine stops, `path` holds the old bytes or the new ones, whole.
enum class FileMode { kPrivate, kShared };  // 0600, 0644
Result<void> SaveFile(const Path& path, std::string_view bytes, FileMode mode);

Result<void> SyncFolder(const Path& folder);
Result<void> MakeFolder(const Path& folder);  // And its parents; there already is fine.

}  // namespace ebb::base
