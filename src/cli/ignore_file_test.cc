#include "cli/ignore_file.h"

#include <gtest/gtest.h>

namespace ebb::cli {
namespace {

using enum EntryKind;

TEST(IgnoreFileTest, ANameIsIgnoredAtAnyDepth) {
  const IgnoreFile ignore("*.pyc\n");
  EXPECT_TRUE(ignore.Ignores("a.pyc", kFile));
  EXPECT_TRUE(ignore.Ignores("deep/er/a.pyc", kFile));
  EXPECT_FALSE(ignore.Ignores("a.py", kFile));
}

TEST(IgnoreFileTest, APathIsTiedToTheCodeFolder) {
  const IgnoreFile ignore("/notes.txt\ntests/data\n");
  EXPECT_TRUE(ignore.Ignores("notes.txt", kFile));
  EXPECT_FALSE(ignore.Ignores("lib/notes.txt", kFile));
  EXPECT_TRUE(ignore.Ignores("tests/data", kFolder));
  EXPECT_FALSE(ignore.Ignores("lib/tests/data", kFolder));
}

TEST(IgnoreFileTest, ATrailingSlashMeansFoldersOnly) {
  const IgnoreFile ignore("build/\n");
  EXPECT_TRUE(ignore.Ignores("build", kFolder));
  EXPECT_FALSE(ignore.Ignores("build", kFile));
}

TEST(IgnoreFileTest, TwoStarsCrossFolders) {
  const IgnoreFile ignore("docs/**/draft.md\n");
  EXPECT_TRUE(ignore.Ignores("docs/draft.md", kFile));
  EXPECT_TRUE(ignore.Ignores("docs/a/b/draft.md", kFile));
}

TEST(IgnoreFileTest, TheLastMatchingRuleDecides) {
  const IgnoreFile ignore("# all but one\n*.log\n!keep.log\n");
  EXPECT_TRUE(ignore.Ignores("a.log", kFile));
  EXPECT_FALSE(ignore.Ignores("keep.log", kFile));
}

}  // namespace
}  // namespace ebb::cli
