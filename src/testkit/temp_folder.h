// testkit/temp_folder.h
// A folder of the test's own, removed with everything in it.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

#include "base/check.h"

namespace ebb::testkit {

class TempFolder {
 public:
  TempFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "ebb-test-XXXXXX").string();
    EBB_CHECK(mkdtemp(name.data()) != nullptr, "mkdtemp " + name);
    path_ = name;
  }
  ~TempFolder() {
    std::error_code ignored;  // A test that made it unremovable has failed already.
    std::filesystem::remove_all(path_, ignored);
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace ebb::testkit
