#include "server/data_lock.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <optional>

#include "testkit/temp_folder.h"

namespace ebb::server {
namespace {

TEST(DataLockTest, ASecondServerIsRefusedAndToldWhoHoldsIt) {
  testkit::TempFolder folder;
  auto first = DataLock::Take(folder.path());
  ASSERT_TRUE(first);
  auto second = DataLock::Take(folder.path());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind(), ErrorKind::kConflict);
  EXPECT_NE(second.error().message().find("process " + std::to_string(getpid())), std::string::npos)
      << second.error().message();
}

TEST(DataLockTest, ItIsFreeAgainOnceItsOwnerIsGone) {
  testkit::TempFolder folder;
  std::optional<DataLock> first = std::move(*DataLock::Take(folder.path()));
  first.reset();
  EXPECT_TRUE(DataLock::Take(folder.path()));
}

TEST(DataLockTest, TheFolderIsMadeIfItIsNotThere) {
  testkit::TempFolder folder;
  ASSERT_TRUE(DataLock::Take(folder.path() / "a" / "b"));
  EXPECT_TRUE(std::filesystem::is_directory(folder.path() / "a" / "b"));
}

}  // namespace
}  // namespace ebb::server
