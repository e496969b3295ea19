#include "packages/package_store.h"

#include <gtest/gtest.h>

#include "base/hash.h"
#include "packages/package_store_fixture.h"

namespace ebb::packages {
namespace {

class PackageStoreTest : public PackageStoreFixture {
 protected:
  const std::string zip_ = MakeArchive(
      Format::kZip, {File("index.py", "def handler(e, c): pass\n"), File("bin/tool", "#!", 0755)});
};

TEST_F(PackageStoreTest, PackageIsUnpackedAndKeptAsUploaded) {
  const auto package = Add(zip_);
  ASSERT_TRUE(package) << package.error().Describe();
  EXPECT_EQ(package->hash, base::Sha256Hex(zip_));
  EXPECT_EQ(package->crc64, base::Crc64(0, zip_));
  EXPECT_EQ(package->bytes, static_cast<std::int64_t>(zip_.size()));
  EXPECT_EQ(*base::ReadFile(CodeOf(package) / "index.py"), "def handler(e, c): pass\n");
  EXPECT_EQ(*testkit::RunToEnd(io_, store_->Load(package->hash)), zip_);
}

TEST_F(PackageStoreTest, EveryFormatGivesTheSameFiles) {
  for (const auto format :
       {Format::kZip, Format::kTar, Format::kTarGz, Format::kTarXz, Format::kTarZstd}) {
    const auto package = Add(MakeArchive(
        format, {Folder("src/"), File("src/index.py", std::string(300'000, 'a')),
                 File("naïve/ü.txt", "é"), File("empty", ""), Symlink("src/to", "../naïve")}));
    ASSERT_TRUE(package) << package.error().Describe();
    EXPECT_EQ(base::ReadFile(CodeOf(package) / "src/index.py")->size(), 300'000u);
    EXPECT_EQ(*base::ReadFile(CodeOf(package) / "src/to/ü.txt"), "é");
    EXPECT_EQ(*base::ReadFile(CodeOf(package) / "empty"), "");
  }
}

TEST_F(PackageStoreTest, ModesKeepTheExecutableBitAndNothingElse) {
  const auto before = umask(0077);
  const auto package =
      Add(MakeArchive(Format::kTar, {File("run", "#!", 04711), File("data", "x", 0600),
                                     File("deep/er/x", "x", 02666)}));
  umask(before);
  ASSERT_TRUE(package) << package.error().Describe();
  EXPECT_EQ(ModeOf(CodeOf(package)), 0755u);
  EXPECT_EQ(ModeOf(CodeOf(package) / "run"), 0755u);
  EXPECT_EQ(ModeOf(CodeOf(package) / "data"), 0644u);
  EXPECT_EQ(ModeOf(CodeOf(package) / "deep"), 0755u);
  EXPECT_EQ(ModeOf(CodeOf(package) / "deep/er/x"), 0644u);
}

TEST_F(PackageStoreTest, FilesBelongToTheServerWhateverTheArchiveSays) {
  const auto package = Add(MakeArchive(Format::kTar, {File("a")}));
  ASSERT_TRUE(package);
  struct stat status{};
  ASSERT_EQ(stat((CodeOf(package) / "a").c_str(), &status), 0);
  EXPECT_EQ(status.st_uid, geteuid());
}

TEST_F(PackageStoreTest, SecondAddOfTheSameBytesTouchesNothing) {
  const auto first = Add(zip_);
  ASSERT_TRUE(first);
  struct stat before{};
  ASSERT_EQ(stat(CodeOf(first).c_str(), &before), 0);
  const auto second = Add(zip_);
  ASSERT_TRUE(second);
  EXPECT_EQ(second->hash, first->hash);
  struct stat after{};
  ASSERT_EQ(stat(CodeOf(second).c_str(), &after), 0);
  EXPECT_EQ(before.st_ino, after.st_ino);
}

TEST_F(PackageStoreTest, EmptyZipIsAPackageWithoutFiles) {
  const auto package = Add(std::string("PK\5\6", 4) + std::string(18, '\0'));
  ASSERT_TRUE(package) << package.error().Describe();
  EXPECT_TRUE(Names(CodeOf(package)).empty());
}

TEST_F(PackageStoreTest, PackagesAreThereAfterARestart) {
  const auto package = Add(zip_);
  ASSERT_TRUE(package);
  Open();
  EXPECT_EQ(*testkit::RunToEnd(io_, store_->Load(package->hash)), zip_);
}

TEST_F(PackageStoreTest, WhatAnInterruptedAddLeftBehindIsRemovedAtTheNextStart) {
  ASSERT_TRUE(Add(zip_));
  std::filesystem::create_directories(config_.folder / "new-abcdef/code/x");
  std::filesystem::create_directories(config_.folder / "gone-abcdef/code/x");
  Open();
  EXPECT_EQ(Names(config_.folder), std::set<std::string>{base::Sha256Hex(zip_)});
}

TEST_F(PackageStoreTest, LoadOfWhatIsNotThereSaysSoAndNeverLeavesTheFolder) {
  ASSERT_TRUE(base::SaveFile(folder_.path() / "package", "secret", base::FileMode::kShared));
  for (const std::string& hash : std::vector<std::string>{std::string(64, 'a'), "", "..",
                                                          "../packages/..", std::string(64, '.')}) {
    const auto loaded = testkit::RunToEnd(io_, store_->Load(hash));
    ASSERT_FALSE(loaded) << hash;
    EXPECT_EQ(loaded.error().kind(), ErrorKind::kNotFound);
  }
}

TEST_F(PackageStoreTest, PackagesThatNobodyNamesAreDeleted) {
  EXPECT_EQ(*testkit::RunToEnd(io_, store_->RemoveAllBut({})), 0);
  const auto keep = Add(zip_);
  const auto drop = Add(MakeArchive(Format::kTar, {File("a"), Symlink("b", "a")}));
  ASSERT_TRUE(keep && drop);
  EXPECT_EQ(*testkit::RunToEnd(io_, store_->RemoveAllBut({keep->hash})), 1);
  EXPECT_EQ(Names(config_.folder), std::set<std::string>{keep->hash});
}

}  // namespace
}  // namespace ebb::packages
