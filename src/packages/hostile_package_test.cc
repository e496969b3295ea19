// What a package must not do, one archive each.
#include <gtest/gtest.h>

#include "packages/package_store_fixture.h"
#include "packages/zip_by_hand.h"
#include "testkit/small_disk.h"

namespace ebb::packages {
namespace {

constexpr std::size_t kMiB = 1024 * 1024;

class HostilePackageTest : public PackageStoreFixture {
 protected:
  HostilePackageTest() {
    config_.folder = disk_.path() / "packages";
    Open();
  }

  std::string SaysOfTar(const std::vector<Item>& items) {
    return Says(MakeArchive(Format::kTar, items));
  }
  std::string SaysOfZip(const std::vector<Item>& items) {
    return Says(MakeArchive(Format::kZip, items));
  }

  // In memory where that is allowed: thousands of packages, and nothing here is about fsync.
  testkit::SmallDisk disk_{folder_.path() / "disk", "size=200m"};
};

TEST_F(HostilePackageTest, PathsThatLeaveThePackageAreRefusedByName) {
  for (const char* name : {"../x", "a/../../x", "a/../x", "..", "a/.."}) {
    const auto wanted = "code package: entry \"" + std::string(name) + "\" has \"..\" in its path";
    EXPECT_EQ(SaysOfTar({File("ok"), File(name)}), wanted);
    EXPECT_EQ(SaysOfZip({File("ok"), File(name)}), wanted);
    EXPECT_EQ(code_, "InvalidArgument");
  }
  EXPECT_FALSE(std::filesystem::exists(disk_.path() / "x"));
}

TEST_F(HostilePackageTest, AbsolutePathsAreRefusedByName) {
  EXPECT_EQ(SaysOfTar({File("/etc/x")}), "code package: entry \"/etc/x\" has an absolute path");
  EXPECT_EQ(SaysOfZip({File("/etc/x")}), "code package: entry \"/etc/x\" has an absolute path");
}

TEST_F(HostilePackageTest, LinksThatPointOutAreRefused) {
  for (const char* target : {"/etc/passwd", "..", "../x", "a/../../x", "a/b/../../../x"}) {
    EXPECT_EQ(SaysOfTar({Symlink("link", target)}),
              "code package: entry \"link\" is a link that points out of the package")
        << target;
  }
  EXPECT_EQ(SaysOfZip({Symlink("deep/link", "../../x")}),
            "code package: entry \"deep/link\" is a link that points out of the package");
}

TEST_F(HostilePackageTest, LinksWithinThePackageAreKept) {
  EXPECT_EQ(SaysOfTar({File("a/b/x", "1"), Symlink("l1", "a/b"), Symlink("l2", "l1/x"),
                       Symlink("a/l3", "../l2"), Symlink("dangling", "a/nothing")}),
            "");
}

TEST_F(HostilePackageTest, LinkThatLeadsOutOnlyThroughAnotherIsRefused) {
  EXPECT_EQ(SaysOfTar({Folder("a/b"), Symlink("a/b/up", "../.."), Symlink("out", "a/b/up/../x")}),
            "code package: entry \"out\" is a link that points out of the package");
  // Whatever the order.
  EXPECT_EQ(SaysOfTar({Symlink("out", "a/b/up/../x"), Folder("a/b"), Symlink("a/b/up", "../..")}),
            "code package: entry \"out\" is a link that points out of the package");
}

TEST_F(HostilePackageTest, LinksInACircleAreRefused) {
  EXPECT_EQ(SaysOfTar({Symlink("a", "b"), Symlink("b", "a")}),
            "code package: entry \"a\" is a link that leads in circles");
}

TEST_F(HostilePackageTest, NothingIsEverWrittenThroughALink) {
  EXPECT_EQ(SaysOfTar({Folder("d"), Symlink("l", "d"), File("l/x")}),
            "code package: entry \"l/x\" lies behind a link or a file, not in a folder");
  EXPECT_EQ(SaysOfTar({Folder("d"), Symlink("l", "d"), Folder("l")}),
            "code package: entry \"l\" lies behind a link or a file, not in a folder");
  EXPECT_EQ(SaysOfTar({File("d"), Symlink("l", "d"), File("l", "through")}),
            "code package: entry \"l\" is there twice");
}

TEST_F(HostilePackageTest, HardLinksReachOnlyFilesOfThePackage) {
  EXPECT_EQ(SaysOfTar({File("a", "1"), Hardlink("b", "a")}), "");
  std::filesystem::remove_all(config_.folder);
  for (const char* target : {"/etc/passwd", "../../etc/passwd"}) {
    EXPECT_EQ(SaysOfTar({Hardlink("b", target)}),
              "code package: entry \"b\" is a hard link that points out of the package");
  }
  const std::string missing = ", which is no file that comes before it in the package";
  EXPECT_EQ(SaysOfTar({Hardlink("b", "later"), File("later")}),
            "code package: entry \"b\" is a hard link to later" + missing);
  EXPECT_EQ(SaysOfTar({Symlink("l", "x"), Hardlink("b", "l")}),
            "code package: entry \"b\" is a hard link to l" + missing);
  EXPECT_EQ(SaysOfTar({File("d/x"), Symlink("l", "d"), Hardlink("b", "l/x")}),
            "code package: entry \"b\" is a hard link to l/x" + missing);
}

TEST_F(HostilePackageTest, DevicesAndPipesAreRefused) {
  const auto special = [](unsigned type) {
    return std::vector<Item>{{.name = "odd", .bytes = "", .type = type}};
  };
  EXPECT_EQ(SaysOfTar(special(AE_IFCHR)), "code package: entry \"odd\" is a device");
  EXPECT_EQ(SaysOfTar(special(AE_IFBLK)), "code package: entry \"odd\" is a device");
  EXPECT_EQ(SaysOfTar(special(AE_IFIFO)), "code package: entry \"odd\" is a pipe");
  EXPECT_EQ(Says(ZipByHand({{.name = "odd", .mode = 0140644}})),
            "code package: entry \"odd\" is a socket");
}

TEST_F(HostilePackageTest, NamesThatAreThereTwiceAreRefused) {
  EXPECT_EQ(SaysOfTar({File("a/b"), File("a//./b")}), "code package: entry \"a/b\" is there twice");
  EXPECT_EQ(SaysOfZip({File("a"), File("a/b")}),
            "code package: entry \"a/b\" lies behind a link or a file, not in a folder");
  EXPECT_EQ(SaysOfTar({Folder("a"), File("a")}), "code package: entry \"a\" is there twice");
  EXPECT_EQ(SaysOfTar({File("a"), Folder("a")}),
            "code package: entry \"a\" lies behind a link or a file, not in a folder");
  EXPECT_EQ(SaysOfTar({Folder("./"), Folder("a"), Folder("a/"), File("a/b")}), "");
}

TEST_F(HostilePackageTest, NamesThatAreNotUtf8AreRefused) {
  EXPECT_EQ(Says(ZipByHand({{.name = "\xff\xfe.py"}})),
            "code package: entry \"hex fffe2e7079\" has a name that is not UTF-8");
  EXPECT_EQ(Says(ZipByHand({{.name = "ok"}, {.name = std::string("a\0b", 3)}})),
            "code package: entry \"a\\x00b\" has a name with a NUL in it");
  EXPECT_NE(Says(ZipByHand({{.name = ""}})), "");
}

TEST_F(HostilePackageTest, NamesThatAreTooLongAreRefused) {
  EXPECT_NE(SaysOfTar({File(std::string(256, 'n'))}), "");
  std::string deep;
  for (int i = 0; i < 2000; ++i) deep += "d/";
  EXPECT_NE(SaysOfTar({File(deep + "x")}), "");
}

TEST_F(HostilePackageTest, EncryptedZipIsRefused) {
  const auto zip =
      MakeArchive(Format::kZip, {File("secret.py", "x = 1")}, "zip:encryption=zipcrypt");
  EXPECT_EQ(Says(zip), "code package: entry \"secret.py\" is encrypted");
}

TEST_F(HostilePackageTest, ZipWithACompressionOtherThanDeflateIsRefused) {
  EXPECT_EQ(Says(ZipByHand({{.name = "x", .method = 14}})),
            "code package: entry \"x\" is compressed with lzma: use deflate");
  EXPECT_EQ(Says(ZipByHand({{.name = "x", .method = 98}})),
            "code package: entry \"x\" is compressed with ppmd-1: use deflate");
}

TEST_F(HostilePackageTest, EntryThatUnpacksToTooManyTimesItsSizeIsABomb) {
  const std::string zeros(12 * kMiB, '\0');
  const std::string wanted =
      "code package: entry \"zeros\" unpacks to more than 200 times its size in the package";
  EXPECT_EQ(SaysOfZip({File("ok"), File("zeros", zeros)}), wanted);
  EXPECT_EQ(Says(MakeArchive(Format::kTarGz, {File("ok"), File("zeros", zeros)})), wanted);
  EXPECT_EQ(Says(MakeArchive(Format::kTarXz, {File("ok"), File("zeros", zeros)})), wanted);
  EXPECT_EQ(Says(MakeArchive(Format::kTarZstd, {File("ok"), File("zeros", zeros)})), wanted);
}

TEST_F(HostilePackageTest, TotalIsCountedOverAllEntriesAsTheyUnpack) {
  config_.max_unpacked_bytes = 100'000;
  Open();
  std::vector<Item> items;
  for (int i = 0; i < 11; ++i) {
    items.push_back(File("f" + std::to_string(i), std::string(10'000, 'x')));
  }
  EXPECT_EQ(SaysOfZip(items),
            "code package: entry \"f10\" is too large: a package may unpack to at most 100000 "
            "bytes");
  EXPECT_EQ(code_, "EntityTooLarge");
  items.pop_back();
  EXPECT_EQ(SaysOfZip(items), "");
}

TEST_F(HostilePackageTest, SizesInHeadersAreNotBelieved) {
  config_.max_unpacked_bytes = 100'000;
  Open();
  EXPECT_NE(
      Says(ZipByHand({{.name = "liar", .bytes = std::string(200'000, 'x'), .claimed_size = 10}})),
      "");
}

TEST_F(HostilePackageTest, HolesOfASparseFileCountAsWhatTheyPretendToBe) {
  config_.max_unpacked_bytes = 1'000'000;
  Open();
  const auto sparse = [](std::size_t size) {
    Item item = File("holes", "data" + std::string(size - 4, '\0'));
    item.bytes_before_hole = 4;
    return item;
  };
  EXPECT_EQ(SaysOfTar({sparse(1'000'001)}),
            "code package: entry \"holes\" is too large: a package may unpack to at most 1000000 "
            "bytes");
  const auto added = Add(MakeArchive(Format::kTar, {sparse(1'000'000)}));
  ASSERT_TRUE(added) << added.error().Describe();
  EXPECT_LT(added->bytes, 20'000);
  EXPECT_EQ(std::filesystem::file_size(CodeOf(added) / "holes"), 1'000'000u);
}

TEST_F(HostilePackageTest, EntriesAndTheFoldersTheyImplyAreCounted) {
  config_.max_entries = 10;
  Open();
  EXPECT_EQ(SaysOfTar({File("1/2/3/4/5/6/7/8/9/10")}), "");
  std::filesystem::remove_all(config_.folder);
  EXPECT_EQ(SaysOfTar({File("1/2/3/4/5/6/7/8/9/10/11")}),
            "code package: entry \"1/2/3/4/5/6/7/8/9/10/11\" is one too many: at most 10 files "
            "and folders are allowed");
  EXPECT_EQ(SaysOfTar(std::vector<Item>(11, Folder("same"))),
            "code package: entry \"same/\" is one too many: at most 10 are allowed");
}

TEST_F(HostilePackageTest, UploadThatIsTooLargeIsRefusedBeforeItIsRead) {
  config_.max_packed_bytes = 100;
  Open();
  EXPECT_EQ(Says(std::string(101, 'x')), "code package: it has 101 bytes: at most 100 are allowed");
  EXPECT_EQ(code_, "EntityTooLarge");
}

TEST_F(HostilePackageTest, WhatIsNoArchiveIsRefused) {
  for (const std::string& bytes :
       std::vector<std::string>{"", "x", "print('hello')\n", "PK\3\4 but not really",
                                "\x1f\x8b\x08 but not really", std::string(5000, 'Z')}) {
    EXPECT_TRUE(Says(bytes).starts_with("code package: ")) << bytes.substr(0, 20);
  }
}

TEST_F(HostilePackageTest, ZipThatWasCutOffAnywhereIsRefused) {
  const auto zip = MakeArchive(
      Format::kZip, {File("index.py", "def handler(): pass"), File("data", std::string(500, 'd'))});
  for (std::size_t size = 0; size < zip.size(); ++size) {
    EXPECT_NE(Says(zip.substr(0, size)), "") << size;
  }
}

TEST_F(HostilePackageTest, ZipWhoseListOfEntriesIsDamagedIsRefused) {
  for (const int damaged : {0, 1}) {
    std::string zip = ZipByHand({{.name = "index.py"}, {.name = "more.py"}});
    std::size_t at = zip.find("PK\1\2");
    if (damaged == 1) at = zip.find("PK\1\2", at + 1);
    zip[at + 2] = 'x';
    EXPECT_NE(Says(zip).find("list of its files"), std::string::npos) << damaged;
  }
}

TEST_F(HostilePackageTest, CompressedTarThatWasCutOffIsRefused) {
  for (const auto format : {Format::kTarGz, Format::kTarXz, Format::kTarZstd}) {
    std::string noise;  // Does not compress, so that every cut falls into the data.
    for (std::uint32_t i = 0, x = 1; i < 5000; ++i) {
      noise += static_cast<char>((x = x * 1664525u + 1013904223u) >> 24);
    }
    const auto tar = MakeArchive(format, {File("data", noise)});
    for (std::size_t size = 0; size + 600 < tar.size(); size += 101) {
      EXPECT_NE(Says(tar.substr(0, size)), "") << size;
    }
  }
}

TEST_F(HostilePackageTest, ZipWithAnyByteChangedEitherFailsOrStaysInItsFolder) {
  const auto zip = MakeArchive(Format::kZip, {File("index.py", "def handler(): pass"),
                                              Symlink("link", "index.py"), Folder("d")});
  for (std::size_t i = 0; i < zip.size(); ++i) {
    for (const char flip : {'\x01', '\x80', '\xff'}) {
      std::string changed = zip;
      changed[i] = static_cast<char>(changed[i] ^ flip);
      const auto added = Add(std::move(changed));
      if (!added) {
        EXPECT_EQ(added.error().kind(), ErrorKind::kInvalid) << added.error().Describe();
      }
    }
  }
  EXPECT_EQ(Names(disk_.path()), std::set<std::string>{"packages"});
}

TEST_F(HostilePackageTest, ChangedContentIsNoticedByItsChecksum) {
  EXPECT_TRUE(Says(ZipByHand({{.name = "x", .bytes = "good", .claimed_crc = 1}}))
                  .starts_with("code package: entry \"x\" is damaged: "));
}

}  // namespace
}  // namespace ebb::packages
