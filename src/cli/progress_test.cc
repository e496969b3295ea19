#include "cli/progress.h"

#include <gtest/gtest.h>

#include <sstream>

namespace ebb::cli {
namespace {

TEST(ProgressTest, TheBarShowsThePart) {
  EXPECT_EQ(FormatProgress("code", 500, 1000), "code  [##########----------]  50 %  of 1.0 kB");
}

TEST(ProgressTest, NothingIsDrawnWhereThereIsNoTerminal) {
  std::ostringstream out;
  std::ostringstream err;
  Console console{out, err};
  {
    ProgressBar(console, "code", 10).Show(5);
  }
  EXPECT_EQ(err.str(), "");
}

TEST(ProgressTest, OnATerminalTheBarIsTakenAwayAtTheEnd) {
  std::ostringstream out;
  std::ostringstream err;
  Console console{out, err, true, true};
  {
    ProgressBar(console, "code", 10).Show(5);
  }
  EXPECT_TRUE(err.str().ends_with("\r\x1b[K"));
}

TEST(ProgressTest, ANoticeIsDrawnOnATerminalOnlyAndTakenAwayAtTheEnd) {
  std::ostringstream out;
  std::ostringstream err;
  Console terminal{out, err, true, true};
  {
    const Notice notice(terminal, "web  the server pulls it");
    EXPECT_EQ(err.str(), "web  the server pulls it");
  }
  EXPECT_TRUE(err.str().ends_with("\r\x1b[K"));
  std::ostringstream file;
  Console none{out, file};
  {
    const Notice notice(none, "x");
  }
  EXPECT_EQ(file.str(), "");
}

}  // namespace
}  // namespace ebb::cli
