// Packages on a disk that is full: every amount of room, from none to enough.
#include <gtest/gtest.h>

#include "packages/package_store_fixture.h"
#include "testkit/small_disk.h"

namespace ebb::packages {
namespace {

using testkit::SmallDisk;

class DiskFullTest : public PackageStoreFixture {
 protected:
  // Adds with `options` for the disk; true when it worked.  If not, nothing may be left.
  bool Works(const std::string& options) {
    const SmallDisk disk(folder_.path() / "disk", options);
    EXPECT_TRUE(disk.mounted());
    config_.folder = folder_.path() / "disk/packages";
    Open();
    const auto added = Add(tar_);
    if (added) {
      EXPECT_EQ(base::ReadFile(CodeOf(added) / "a/data")->size(), 20'000u);
      return true;
    }
    EXPECT_EQ(added.error().kind(), ErrorKind::kUnavailable) << added.error().Describe();
    EXPECT_NE(added.error().message().find("No space left"), std::string::npos);
    if (std::filesystem::exists(config_.folder)) {
      EXPECT_TRUE(Names(config_.folder).empty()) << options;
    }
    return false;
  }

  const std::string tar_ =
      MakeArchive(Format::kTarGz, {Folder("a"), File("a/data", std::string(20'000, 'd')),
                                   File("b/c/more", std::string(9'000, 'm')), Symlink("l", "a")});
};

TEST_F(DiskFullTest, NothingIsLeftWhenTheRoomEndsAtAnyPage) {
  if (!SmallDisk(folder_.path() / "probe", "size=4k").mounted()) GTEST_SKIP() << "cannot mount";
  int pages = 1;
  while (!Works("size=" + std::to_string(pages * 4) + "k")) {
    ASSERT_LT(++pages, 100);
  }
  EXPECT_GT(pages, 7);
}

TEST_F(DiskFullTest, NothingIsLeftWhenTheInodesEndAtAnyFile) {
  if (!SmallDisk(folder_.path() / "probe", "size=4k").mounted()) GTEST_SKIP() << "cannot mount";
  int inodes = 2;
  while (!Works("size=1m,nr_inodes=" + std::to_string(inodes))) {
    ASSERT_LT(++inodes, 100);
  }
  EXPECT_GT(inodes, 10);
}

}  // namespace
}  // namespace ebb::packages
