#include "server/client_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "testkit/temp_folder.h"

namespace ebb::server {
namespace {

TEST(ClientFileTest, WhatWasSavedIsLoadedAndOnlyItsOwnerMayReadIt) {
  testkit::TempFolder folder;
  const ClientFile file{"http://127.0.0.1:1",
                        "http://127.0.0.1:2",
                        "http://127.0.0.1:3",
                        "1234567890123456",
                        "key",
                        "secret",
                        "local"};
  ASSERT_TRUE(SaveClientFile(folder.path(), file));
  auto loaded = LoadClientFile(folder.path());
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->s3_endpoint, "http://127.0.0.1:2");
  EXPECT_EQ(loaded->access_key_secret, "secret");
  struct stat status{};
  ASSERT_EQ(stat((folder.path() / "cli.json").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
}

TEST(ClientFileTest, AMissingMemberIsNamed) {
  testkit::TempFolder folder;
  ASSERT_TRUE(
      base::SaveFile(folder.path() / "cli.json", R"({"endpoint":"x"})", base::FileMode::kPrivate));
  auto loaded = LoadClientFile(folder.path());
  ASSERT_FALSE(loaded);
  EXPECT_NE(loaded.error().message().find("s3Endpoint"), std::string::npos);
}

}  // namespace
}  // namespace ebb::server
