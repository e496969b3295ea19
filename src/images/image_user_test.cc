#include "images/image_user.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "testkit/temp_folder.h"

namespace ebb::images {
namespace {

class ImageUserTest : public testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directories(folder_.path() / "etc");
    std::ofstream(folder_.path() / "etc/passwd")
        << "root:x:0:0:root:/root:/bin/sh\ndamaged\nwww:x:33:34::/var/www:/bin/false\n"
           "huge:x:4294967295:1::/:\n";
    std::ofstream(folder_.path() / "etc/group") << "root:x:0:\ndata:x:44:www\n";
  }
  // "33:34 /var/www", or why not.
  std::string Found(const std::string& text) {
    const auto user = FindUser(folder_.path(), text);
    if (!user) return user.error().message();
    return std::to_string(user->uid) + ":" + std::to_string(user->gid) + " " + user->home;
  }
  testkit::TempFolder folder_;
};

TEST_F(ImageUserTest, NamesMeanWhatTheImageSays) {
  EXPECT_EQ(Found(""), "0:0 ");
  EXPECT_EQ(Found("root"), "0:0 /root");
  EXPECT_EQ(Found("www"), "33:34 /var/www");
  EXPECT_EQ(Found("33"), "33:34 /var/www");
  EXPECT_EQ(Found("www:data"), "33:44 /var/www");
  EXPECT_EQ(Found("33:7"), "33:7 /var/www");
  EXPECT_EQ(Found("1001"), "1001:0 ");
  EXPECT_EQ(Found("1001:1002"), "1001:1002 ");
}

TEST_F(ImageUserTest, WhoIsNotThereIsNamed) {
  EXPECT_EQ(Found("nobody"), "its user 'nobody' is not in its /etc/passwd");
  EXPECT_EQ(Found("www:none"), "its group 'none' is not in its /etc/group");
  EXPECT_EQ(Found("huge"), "its user 'huge' has no number");
  EXPECT_EQ(Found("4294967295"), "its user '4294967295' is not in its /etc/passwd");
  EXPECT_EQ(Found(":data"), "its user '' is not in its /etc/passwd");
}

TEST_F(ImageUserTest, NumbersNeedNoFilesAndLinksDoNotLeadOut) {
  std::filesystem::remove(folder_.path() / "etc/passwd");
  EXPECT_EQ(Found("1001"), "1001:0 ");
  std::filesystem::create_symlink("/etc/passwd", folder_.path() / "etc/passwd");
  EXPECT_EQ(Found("root"), "its user 'root' is not in its /etc/passwd");
  std::filesystem::create_directory(folder_.path() / "usr");
  std::ofstream(folder_.path() / "usr/users") << "app:x:5:6::/app:\n";
  std::filesystem::remove(folder_.path() / "etc/passwd");
  std::filesystem::create_symlink("/usr/users", folder_.path() / "etc/passwd");
  EXPECT_EQ(Found("app"), "5:6 /app");
}

}  // namespace
}  // namespace ebb::images
