#include "sandbox/embedded.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>

// Made by CMakeLists.txt.
extern "C" {
extern const ebb::sandbox::EmbeddedFile ebb_embedded_begin[];
extern const ebb::sandbox::EmbeddedFile ebb_embedded_end[];
}

namespace ebb::sandbox {

std::span<const EmbeddedFile> EmbeddedFiles() { return {ebb_embedded_begin, ebb_embedded_end}; }

Result<void> WritePublicFile(const base::Path& path, std::string_view bytes) {
  if (auto made = base::MakeFolder(path.parent_path()); !made) return made;
  const base::Fd fd(open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (!fd.valid()) return Fail(Error::System("create " + path.string(), errno));
  if (auto written = base::WriteAll(fd.get(), bytes); !written) return written;
  if (fchmod(fd.get(), 0644) != 0 || chmod(path.parent_path().c_str(), 0755) != 0) {
    return Fail(Error::System("chmod " + path.string(), errno));
  }
  return {};
}

Result<void> WriteRuntimes(const base::Path& folder) {
  for (const EmbeddedFile& file : EmbeddedFiles()) {
    if (auto written = WritePublicFile(folder / file.path, file.content()); !written) {
      return written;
    }
  }
  return {};
}

}  // namespace ebb::sandbox
