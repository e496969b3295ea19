// Feeds whatever it is given to Unpack, as an archive.  Whatever it says, nothing may appear beside
// the folder, and what it accepted must keep to the limits.
#include <stdlib.h>

#include <cstdint>

#include "base/check.h"
#include "packages/unpack.h"
#include "testkit/temp_folder.h"

namespace ebb::packages {
namespace {

namespace fs = std::filesystem;

constexpr UnpackLimits kLimits{.max_bytes = 1 << 20, .max_entries = 50, .max_ratio = 200};

// In memory where there is such a folder; gone at the end of the process.
const fs::path& Workplace() {
  if (fs::is_directory("/dev/shm")) setenv("TMPDIR", "/dev/shm", /*overwrite=*/1);
  static const testkit::TempFolder folder;
  return folder.path();
}

void CheckTree(const fs::path& code) {
  std::int64_t bytes = 0;
  std::int64_t entries = 0;
  for (const auto& entry : fs::recursive_directory_iterator(code)) {
    ++entries;
    const auto status = entry.symlink_status();
    if (fs::is_symlink(status)) {
      std::error_code dangling;
      const auto reached = fs::canonical(entry.path(), dangling);
      EBB_CHECK(dangling || reached == code || reached.string().starts_with(code.string() + "/"),
                "a link leads out");
      continue;
    }
    EBB_CHECK(fs::is_directory(status) || fs::is_regular_file(status), "neither file nor folder");
    EBB_CHECK((status.permissions() & (fs::perms::set_uid | fs::perms::group_write |
                                       fs::perms::others_write)) == fs::perms::none,
              "a mode that nobody asked for");
    if (fs::is_regular_file(status)) bytes += static_cast<std::int64_t>(entry.file_size());
  }
  // Hard links count once in Unpack and once each here.
  EBB_CHECK(entries <= kLimits.max_entries && bytes <= kLimits.max_bytes * kLimits.max_entries,
            "beyond the limits");
}

}  // namespace
}  // namespace ebb::packages

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ebb::packages;
  const fs::path code = fs::canonical(Workplace()) / "code";
  fs::create_directory(code);
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (Unpack(bytes, code, kLimits)) CheckTree(code);
  fs::remove_all(code);
  EBB_CHECK(fs::is_empty(Workplace()), "something was written outside");
  return 0;
}
