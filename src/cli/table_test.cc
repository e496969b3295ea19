#include "cli/table.h"

#include <gtest/gtest.h>

namespace ebb::cli {
namespace {

TEST(TableTest, ColumnsAreAsWideAsTheirWidestCellAndNumbersStandRight) {
  Table table({{"FUNCTION"}, {"MS", Align::kRight}, {"NOTE"}});
  table.Add({"thumbnail", "12.3", "warm"});
  table.Add({"hello", "1234.5", ""});
  EXPECT_EQ(table.Format(),
            "FUNCTION       MS  NOTE\n"
            "thumbnail    12.3  warm\n"
            "hello      1234.5\n");
}

TEST(TableTest, OneCellStaysOnOneLine) {
  Table table({{"A"}});
  table.Add({"two\nlines"});
  EXPECT_EQ(table.Format(), "A\ntwo lines\n");
}

TEST(TableTest, LettersCountNotBytes) {
  Table table({{"A"}, {"B"}});
  table.Add({"é", "x"});
  table.Add({"ee", "y"});
  EXPECT_EQ(table.Format(), "A   B\né   x\nee  y\n");
}

}  // namespace
}  // namespace ebb::cli
