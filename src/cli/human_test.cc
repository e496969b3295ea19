#include "cli/human.h"

#include <gtest/gtest.h>

namespace ebb::cli {
namespace {

using namespace std::chrono_literals;

TEST(HumanTest, BytesAreShownInTheUnitThatFits) {
  EXPECT_EQ(FormatBytes(0), "0 B");
  EXPECT_EQ(FormatBytes(999), "999 B");
  EXPECT_EQ(FormatBytes(1242241), "1.2 MB");
  EXPECT_EQ(FormatBytes(999'999), "1.0 MB");
}

TEST(HumanTest, TimesAreShownInTheUnitThatFits) {
  EXPECT_EQ(FormatMillis(0.35), "0.35 ms");
  EXPECT_EQ(FormatMillis(12.34), "12.3 ms");
  EXPECT_EQ(FormatMillis(4560), "4.56 s");
  EXPECT_EQ(FormatMillis(192'000), "3 m 12 s");
  EXPECT_EQ(FormatSeconds(3 * 3600 + 300), "3 h");
}

TEST(HumanTest, SinceIsAnAgeOrATime) {
  const WallTime now = ManualClock().WallNow();
  EXPECT_EQ(ParseSince("10m", now), now - 10min);
  EXPECT_EQ(ParseSince("1d", now), now - 24h);
  EXPECT_EQ(ParseSince("2026-11-22T00:00:00Z", now), now - 24h);
  EXPECT_EQ(ParseSince("soon", now), std::nullopt);
  EXPECT_EQ(ParseSince("-5m", now), std::nullopt);
  EXPECT_EQ(ParseSince("99999999999999d", now), std::nullopt);
}

}  // namespace
}  // namespace ebb::cli
