// packages/package_store_fixture.h
// A package store in a folder of its own, for this module's tests.
#pragma once

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <memory>
#include <set>
#include <string>

#include "packages/make_archive.h"
#include "packages/package_store.h"
#include "testkit/run_task.h"
#include "testkit/temp_folder.h"

namespace ebb::packages {

class PackageStoreFixture : public ::testing::Test {
 protected:
  PackageStoreFixture() { Open(); }

  void Open() { store_ = std::make_unique<PackageStore>(config_, pool_); }

  Result<Package> Add(std::string bytes) {
    return testkit::RunToEnd(io_, store_->Add(std::move(bytes)));
  }
  // What Add says to one hostile archive; "" when it accepts.  Whatever it says, nothing is left.
  std::string Says(std::string bytes) {
    const auto added = Add(std::move(bytes));
    if (added) return "";
    EXPECT_EQ(added.error().kind(), ErrorKind::kInvalid) << added.error().Describe();
    code_ = added.error().code();
    EXPECT_TRUE(Names(config_.folder).empty());
    return added.error().message();
  }

  base::Path CodeOf(const Result<Package>& package) const {
    return store_->CodeFolder(package->hash);
  }
  static std::set<std::string> Names(const base::Path& folder) {
    std::set<std::string> names;
    std::error_code missing;  // Then it holds nothing.
    for (const auto& entry : std::filesystem::directory_iterator(folder, missing)) {
      names.insert(entry.path().filename().string());
    }
    return names;
  }
  static unsigned ModeOf(const base::Path& path) {
    struct stat status{};
    return lstat(path.c_str(), &status) == 0 ? status.st_mode & 07777u : 0;
  }

  testkit::TempFolder folder_;
  Config config_{.folder = folder_.path() / "packages"};
  std::string code_;
  asio::io_context io_;
  net::BlockingPool pool_{1};
  std::unique_ptr<PackageStore> store_;
};

}  // namespace ebb::packages
