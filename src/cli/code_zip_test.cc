#include "cli/code_zip.h"

#include <archive.h>
#include <archive_entry.h>
#include <gtest/gtest.h>

#include <chrono>
#include <map>

#include "testkit/temp_folder.h"

namespace ebb::cli {
namespace {

namespace fs = std::filesystem;

class CodeZipTest : public ::testing::Test {
 protected:
  void Put(const std::string& path, const std::string& text) {
    const fs::path whole = folder_.path() / path;
    fs::create_directories(whole.parent_path());
    ASSERT_TRUE(base::SaveFile(whole, text, base::FileMode::kShared));
  }

  std::string Zip() {
    auto zip = LoadCode(folder_.path());
    EXPECT_TRUE(zip) << zip.error().message();
    return zip.value_or("");
  }

  // Path and permissions of every entry.
  std::map<std::string, unsigned> Entries(const std::string& zip) {
    std::map<std::string, unsigned> out;
    archive* a = archive_read_new();
    archive_read_support_format_zip(a);
    EXPECT_EQ(archive_read_open_memory(a, zip.data(), zip.size()), ARCHIVE_OK);
    archive_entry* entry = nullptr;
    while (archive_read_next_header(a, &entry) == ARCHIVE_OK) {
      out[archive_entry_pathname(entry)] = archive_entry_perm(entry);
    }
    archive_read_free(a);
    return out;
  }

  testkit::TempFolder folder_;
};

TEST_F(CodeZipTest, TheSameFilesGiveTheSameBytesWhateverTheirTimes) {
  Put("index.py", "pass");
  Put("lib/a.py", "1");
  const std::string first = Zip();
  fs::last_write_time(folder_.path() / "index.py",
                      fs::file_time_type::clock::now() - std::chrono::hours(100));
  EXPECT_EQ(Zip(), first);
}

TEST_F(CodeZipTest, AnotherByteGivesAnotherZip) {
  Put("index.py", "pass");
  const std::string first = Zip();
  Put("index.py", "Pass");
  EXPECT_NE(Zip(), first);
}

TEST_F(CodeZipTest, ExecutableFilesStayExecutable) {
  Put("bootstrap", "#!/bin/sh\n");
  Put("data.txt", "x");
  fs::permissions(folder_.path() / "bootstrap", fs::perms::owner_all);
  EXPECT_EQ(Entries(Zip()),
            (std::map<std::string, unsigned>{{"bootstrap", 0755}, {"data.txt", 0644}}));
}

TEST_F(CodeZipTest, WhatFcignoreNamesStaysBehind) {
  Put(".fcignore", "*.log\n/tests/\n");
  Put("index.py", "pass");
  Put("run.log", "x");
  Put("tests/a.py", "x");
  Put("__pycache__/index.cpython-311.pyc", "x");
  EXPECT_EQ(Entries(Zip()), (std::map<std::string, unsigned>{{"index.py", 0644}}));
}

TEST_F(CodeZipTest, AnArchiveIsTakenAsItIs) {
  Put("code.zip", "any bytes");
  auto code = LoadCode(folder_.path() / "code.zip");
  ASSERT_TRUE(code);
  EXPECT_EQ(*code, "any bytes");
}

TEST_F(CodeZipTest, AnEmptyFolderIsRefused) {
  auto code = LoadCode(folder_.path());
  ASSERT_FALSE(code);
  EXPECT_EQ(code.error().kind(), ErrorKind::kInvalid);
}

TEST_F(CodeZipTest, AMissingFolderIsNotFound) {
  auto code = LoadCode(folder_.path() / "none");
  ASSERT_FALSE(code);
  EXPECT_EQ(code.error().kind(), ErrorKind::kNotFound);
}

}  // namespace
}  // namespace ebb::cli
