#include "images/unpack.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <optional>
#include <set>

#include "images/tar_by_hand.h"
#include "testkit/temp_folder.h"

namespace ebb::images {
namespace {

namespace fs = std::filesystem;

class UnpackLayerTest : public testing::Test {
 protected:
  UnpackLayerTest() {
    fs::create_directory(Root());
    tree_.emplace(*ImageTree::Open(Root()));
  }
  base::Path Root() const { return folder_.path() / "root"; }
  // "" when it is there; else what is wrong.
  std::string Lay(const TarByHand& tar) {
    std::ofstream(folder_.path() / "layer", std::ios::binary) << tar.Bytes();
    auto laid = UnpackLayer(folder_.path() / "layer", *tree_, room_);
    return laid ? "" : laid.error().message();
  }
  // Every file of the tree with what is in it, links with where they lead.
  std::string Tree() const {
    std::set<std::string> lines;
    for (const auto& entry : fs::recursive_directory_iterator(Root())) {
      std::string line = fs::relative(entry.path().parent_path(), Root()) / entry.path().filename();
      if (line.starts_with("./")) line.erase(0, 2);
      if (entry.is_symlink()) {
        line += " -> " + fs::read_symlink(entry.path()).string();
      } else if (entry.is_directory()) {
        line += "/";
      } else {
        line += "=" + *base::ReadFile(entry.path());
      }
      lines.insert(line);
    }
    std::string out;
    for (const auto& line : lines) out += line + "\n";
    return out;
  }
  mode_t ModeOf(const std::string& name) const {
    struct stat status{};
    lstat((Root() / name).c_str(), &status);
    return status.st_mode & 07777;
  }

  testkit::TempFolder folder_;
  std::optional<ImageTree> tree_;
  Room room_{1 << 20, 1000};
};

TEST_F(UnpackLayerTest, LaterLayersReplaceFilesAndKeepFolders) {
  EXPECT_EQ(Lay(TarByHand().Folder("etc").File("etc/a", "1").File("etc/b", "1")), "");
  EXPECT_EQ(Lay(TarByHand().Folder("etc").File("etc/b", "2").File("new/deep/c", "3")), "");
  EXPECT_EQ(Tree(), "etc/\netc/a=1\netc/b=2\nnew/\nnew/deep/\nnew/deep/c=3\n");
}

TEST_F(UnpackLayerTest, AWhiteoutTakesAwayWhatLiesBelow) {
  EXPECT_EQ(Lay(TarByHand().File("a/one", "1").File("a/two", "2").File("b/deep/x", "3")), "");
  EXPECT_EQ(Lay(TarByHand()
                    .File("a/.wh.one", "")
                    .File(".wh.b", "")
                    .File("a/.wh.never", "")
                    .File("nowhere/.wh.x", "")),
            "");
  EXPECT_EQ(Tree(), "a/\na/two=2\n");
}

TEST_F(UnpackLayerTest, AWhiteoutTakesAwayNothingOfItsOwnLayerWhateverTheOrder) {
  EXPECT_EQ(Lay(TarByHand().File("a/old", "1").File("a/same", "1").File("b/old", "1")), "");
  EXPECT_EQ(Lay(TarByHand()
                    .File("a/same", "2")
                    .File(".wh.a", "")
                    .File("a/new", "2")
                    .File("b/new", "2")
                    .File("b/.wh..wh..opq", "")),
            "");
  EXPECT_EQ(Tree(), "a/\na/new=2\na/same=2\nb/\nb/new=2\n");
}

TEST_F(UnpackLayerTest, AnOpaqueFolderHidesAllThatLiesBelow) {
  EXPECT_EQ(Lay(TarByHand().File("a/x/one", "1").File("a/two", "2").Link("a/l", "/etc")), "");
  EXPECT_EQ(Lay(TarByHand().Folder("a").File("a/.wh..wh..opq", "").File("a/three", "3")), "");
  EXPECT_EQ(Tree(), "a/\na/three=3\n");
}

TEST_F(UnpackLayerTest, FilesFoldersAndLinksTakeEachOthersPlace) {
  EXPECT_EQ(Lay(TarByHand().File("a/x", "1").File("b", "1").Link("c", "a").File("d/y", "1")), "");
  EXPECT_EQ(Lay(TarByHand().File("a", "2").Folder("b").Folder("c").Link("d", "b")), "");
  EXPECT_EQ(Tree(), "a=2\nb/\nc/\nd -> b\n");
}

TEST_F(UnpackLayerTest, HardLinksShareTheirFile) {
  EXPECT_EQ(Lay(TarByHand().File("bin/a", "1").HardLink("bin/b", "bin/a")), "");
  EXPECT_EQ(Lay(TarByHand().HardLink("c", "/bin/a")), "");
  EXPECT_EQ(Tree(), "bin/\nbin/a=1\nbin/b=1\nc=1\n");
  EXPECT_EQ(Lay(TarByHand().HardLink("d", "none")),
            "image layer: entry \"d\" is a hard link to none, which is no file");
}

TEST_F(UnpackLayerTest, EverybodyMayDoWhatTheOwnerMayAndNobodyBecomesRoot) {
  EXPECT_EQ(Lay(TarByHand().File("secret", "", 0600).File("run", "", 04755).Folder("home", 0700)),
            "");
  EXPECT_EQ(ModeOf("secret"), 0666u);
  EXPECT_EQ(ModeOf("run"), 0777u);
  EXPECT_EQ(ModeOf("home"), 0777u);
}

TEST_F(UnpackLayerTest, DevicesAreLeftOut) {
  EXPECT_EQ(Lay(TarByHand().Device("dev/sda").File("a", "1")), "");
  EXPECT_EQ(Tree(), "a=1\n");
}

TEST_F(UnpackLayerTest, LinksLeadWhereTheyLeadInsideTheImageAndNeverOutOfIt) {
  const base::Path outside = folder_.path() / "outside";
  fs::create_directory(outside);
  EXPECT_EQ(Lay(TarByHand()
                    .Folder("usr/bin")
                    .Link("bin", "usr/bin")
                    .File("bin/tool", "1")
                    .Link("up", "../../../../../../..")
                    .Link("abs", outside.string())
                    .File("up/x", "2")),
            "");
  // There is no such folder in the image.
  EXPECT_NE(Lay(TarByHand().File("abs/y", "3")), "");
  EXPECT_EQ(*base::ReadFile(Root() / "usr/bin/tool"), "1");
  EXPECT_EQ(*base::ReadFile(Root() / "x"), "2");
  EXPECT_TRUE(fs::is_empty(outside));
}

TEST_F(UnpackLayerTest, HostileLayersTouchNothingOutside) {
  const base::Path outside = folder_.path() / "outside";
  std::ofstream(outside) << "whole";
  for (const TarByHand& tar :
       {TarByHand().File("../outside", "hit"), TarByHand().File("/../outside", "hit"),
        TarByHand().File("a/../../outside", "hit"), TarByHand().File(".wh...", ""),
        TarByHand().File("../.wh.outside", ""), TarByHand().File("x/.wh.", ""),
        TarByHand().Link("l", "..").HardLink("h", "l/outside"),
        TarByHand().HardLink("h", "../outside"), TarByHand().File(".", "hit")}) {
    EXPECT_NE(Lay(tar), "");
  }
  // A link in the file's place is replaced, not written through.
  EXPECT_EQ(Lay(TarByHand().Link("f", outside.string()).File("f", "mine")), "");
  EXPECT_EQ(Lay(TarByHand().Link("w", folder_.path().string()).File("w/.wh.outside", "")), "");
  EXPECT_EQ(*base::ReadFile(outside), "whole");
  EXPECT_EQ(*base::ReadFile(Root() / "f"), "mine");
}

TEST_F(UnpackLayerTest, NoMoreIsUnpackedThanThereIsRoomFor) {
  room_.bytes = 10;
  EXPECT_EQ(Lay(TarByHand().File("a", "12345").File("b", "12345")), "");
  EXPECT_EQ(Lay(TarByHand().File("c", "1")),
            "image layer: entry \"c\" makes the image larger than is allowed");
  room_ = {100, 2};
  EXPECT_EQ(Lay(TarByHand().Folder("d").Folder("d").Folder("d")),
            "image layer: entry \"d\" is one too many for an image");
}

TEST_F(UnpackLayerTest, WhatIsNoTarIsRefused) {
  std::ofstream(folder_.path() / "layer") << "this is no archive";
  auto laid = UnpackLayer(folder_.path() / "layer", *tree_, room_);
  ASSERT_FALSE(laid);
  EXPECT_EQ(laid.error().code(), "InvalidArgument");
  std::ofstream(folder_.path() / "layer", std::ios::binary)
      << TarByHand().File("a", std::string(5000, 'x')).Bytes().substr(0, 2000);
  laid = UnpackLayer(folder_.path() / "layer", *tree_, room_);
  ASSERT_FALSE(laid);
  EXPECT_TRUE(laid.error().message().starts_with("image layer: entry \"a\" is damaged"))
      << laid.error().message();
}

}  // namespace
}  // namespace ebb::images
