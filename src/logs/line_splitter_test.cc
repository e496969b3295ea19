#include "logs/line_splitter.h"

#include <gtest/gtest.h>

#include "base/encoding.h"
#include "logs/line_format.h"

namespace ebb::logs {
namespace {

using Lines = std::vector<std::string>;

TEST(LineSplitterTest, LineIsMadeOfItsPiecesOnceItEnds) {
  LineSplitter splitter(100, 10000);
  EXPECT_EQ(splitter.Add("one\ntw"), Lines{"one"});
  EXPECT_EQ(splitter.Add("o\r\n\nthr"), (Lines{"two", ""}));
  EXPECT_EQ(splitter.Finish(), Lines{"thr"});
  EXPECT_EQ(splitter.Finish(), Lines{});
}

TEST(LineSplitterTest, LongLineIsSplit) {
  LineSplitter splitter(4, 10000);
  EXPECT_EQ(splitter.Add("abcdefghij\n"), (Lines{"abcd", "efgh", "ij"}));
  EXPECT_EQ(splitter.Add("abcd\n"), Lines{"abcd"});
}

TEST(LineSplitterTest, LongLineIsNotSplitInsideACharacter) {
  LineSplitter splitter(4, 10000);
  const Lines lines = splitter.Add("abcé!\n");
  EXPECT_EQ(lines, (Lines{"abc", "é!"}));
}

TEST(LineSplitterTest, OutputBeyondTheLimitIsDroppedAndOneLineSaysSo) {
  LineSplitter splitter(100, 6 + 80 + 4);
  EXPECT_EQ(splitter.Add("12345\n"), Lines{"12345"});
  const Lines last = splitter.Add("6789012345\n");
  ASSERT_EQ(last.size(), 2u);
  EXPECT_EQ(last[0], "6789");
  EXPECT_NE(last[1].find("its limit of 90 bytes"), std::string::npos);
  EXPECT_EQ(splitter.Add("more\n"), Lines{});
  EXPECT_EQ(splitter.Finish(), Lines{});
}

TEST(LineSplitterTest, EmptyLinesReachTheLimitToo) {
  LineSplitter splitter(100, 1000);
  std::size_t lines = 0;
  for (int i = 0; i < 1000; ++i) lines += splitter.Add("\n").size();
  EXPECT_LT(lines, 20u);
}

TEST(LineSplitterTest, BytesThatAreNotUtf8AreReplacedAndTheOthersKept) {
  LineSplitter splitter(100, 10000);
  const Lines lines = splitter.Add("ok é \xff\xc3( end\n");
  EXPECT_EQ(lines, Lines{"ok é \xef\xbf\xbd\xef\xbf\xbd( end"});
  EXPECT_TRUE(base::IsUtf8(lines[0]));
}

TEST(LineFormatTest, LineComesBackAsItWas) {
  const Line line{.time = FromUnixMillis(1'700'000'000'123),
                  .request_id = "r1",
                  .instance_id = "c-1",
                  .version = "LATEST",
                  .message = " two  words "};
  std::string text = FormatLine(line);
  ASSERT_TRUE(text.ends_with('\n'));
  text.pop_back();
  const auto parsed = ParseLine(text);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->time, line.time);
  EXPECT_EQ(parsed->request_id, "r1");
  EXPECT_EQ(parsed->instance_id, "c-1");
  EXPECT_EQ(parsed->version, "LATEST");
  EXPECT_EQ(parsed->message, " two  words ");
}

TEST(LineFormatTest, TornLineIsNoLine) {
  EXPECT_FALSE(ParseLine(""));
  EXPECT_FALSE(ParseLine("2026-11-23T2"));
  EXPECT_FALSE(ParseLine("2026-11-23T20:16:25.123Z r1 c-1"));
}

}  // namespace
}  // namespace ebb::logs
