// sandbox/embedded.h
// The files in runtimes/ and the zygote's shared object, as they lie inside the ebb program.
#pragma once

#include <span>
#include <string_view>

#include "base/error.h"
#include "base/file.h"

namespace ebb::sandbox {

struct EmbeddedFile {
  const char* path;  // Below the runtimes folder: "python/zygote.py".
  const char* begin;
  const char* end;
  std::string_view content() const { return {begin, static_cast<std::size_t>(end - begin)}; }
};

std::span<const EmbeddedFile> EmbeddedFiles();

// Writes all of them below `folder`, readable by everyone whatever the umask.
Result<void> WriteRuntimes(const base::Path& folder);

// Writes one file that everyone may read, making its folders.
Result<void> WritePublicFile(const base::Path& path, std::string_view bytes);

}  // namespace ebb::sandbox
