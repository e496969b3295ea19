#include "model/cron.h"

#include <gtest/gtest.h>

#include "base/time_format.h"

namespace ebb::model {
namespace {

std::string Next(std::string_view cron, std::string_view after) {
  const auto schedule = ParseCron(cron);
  if (!schedule) return schedule.error().message();
  const auto next = schedule->NextAfter(*base::ParseIso(after));
  return next ? base::FormatIso(*next) : "never";
}

TEST(CronTest, SixFieldsGiveTheNextMatchingSecondAfterTheGivenOne) {
  EXPECT_EQ(Next("0 30 8 * * *", "2026-11-23T08:29:59Z"), "2026-11-23T08:30:00Z");
  EXPECT_EQ(Next("0 30 8 * * *", "2026-11-23T08:30:00Z"), "2026-11-24T08:30:00Z");
  EXPECT_EQ(Next("*/15 * * * * *", "2026-11-23T23:59:50Z"), "2026-11-24T00:00:00Z");
  EXPECT_EQ(Next("0 0 0 29 2 *", "2026-11-23T00:00:00Z"), "2028-02-29T00:00:00Z");
  EXPECT_EQ(Next("0 0 0 30 2 *", "2026-11-23T00:00:00Z"), "never");
}

TEST(CronTest, NamesRangesListsAndSundayAsSevenAreUnderstood) {
  EXPECT_EQ(Next("0 0 9 ? * MON-FRI", "2026-11-27T10:00:00Z"), "2026-11-30T09:00:00Z");
  EXPECT_EQ(Next("0 0 9 * JAN,jul 7", "2026-11-23T00:00:00Z"), "2027-01-03T09:00:00Z");
}

TEST(CronTest, EitherDayFieldIsEnoughWhenBothAreRestricted) {
  EXPECT_EQ(Next("0 0 0 13 * FRI", "2026-11-23T00:00:00Z"), "2026-11-27T00:00:00Z");
  EXPECT_EQ(Next("0 0 0 13 * FRI", "2026-12-12T00:00:00Z"), "2026-12-13T00:00:00Z");
}

TEST(CronTest, TimeZoneIsTheOneNamed) {
  EXPECT_EQ(Next("CRON_TZ=Asia/Shanghai 0 0 4 * * *", "2026-11-23T00:00:00Z"),
            "2026-11-23T20:00:00Z");
  EXPECT_EQ(Next("CRON_TZ=Mars/Olympus 0 0 4 * * *", "2026-11-23T00:00:00Z"),
            "cron: there is no time zone \"Mars/Olympus\"");
}

// Berlin: 2027-03-28 02:00 becomes 03:00; 2026-10-25 03:00 becomes 02:00.
TEST(CronTest, ALocalTimeInTheSpringGapRunsWhenTheGapEnds) {
  EXPECT_EQ(Next("CRON_TZ=Europe/Berlin 0 30 2 * * *", "2027-03-27T12:00:00Z"),
            "2027-03-28T01:00:00Z");
}

TEST(CronTest, ALocalTimeThatOccursTwiceRunsOnce) {
  EXPECT_EQ(Next("CRON_TZ=Europe/Berlin 0 30 2 * * *", "2026-10-24T12:00:00Z"),
            "2026-10-25T00:30:00Z");
  EXPECT_EQ(Next("CRON_TZ=Europe/Berlin 0 30 2 * * *", "2026-10-25T00:30:00Z"),
            "2026-10-26T01:30:00Z");
}

TEST(CronTest, AnEveryTenMinutesScheduleGoesOnThroughTheRepeatedHour) {
  EXPECT_EQ(Next("CRON_TZ=Europe/Berlin 0 */10 * * * *", "2026-10-25T00:50:00Z"),
            "2026-10-25T01:00:00Z");
  EXPECT_EQ(Next("CRON_TZ=Europe/Berlin 0 */10 * * * *", "2026-10-25T01:20:00Z"),
            "2026-10-25T01:30:00Z");
}

TEST(CronTest, EveryCountsFromTheTimeGiven) {
  EXPECT_EQ(Next("@every 4m", "2026-11-23T00:00:07Z"), "2026-11-23T00:04:07Z");
  EXPECT_EQ(Next("@every 1h30m", "2026-11-23T00:00:00Z"), "2026-11-23T01:30:00Z");
}

TEST(CronTest, MistakesNameTheFieldAndWhatItMayHold) {
  EXPECT_EQ(ParseCron("0 61 * * * *").error().message(),
            "cron: \"61\" is not a minute: use 0 to 59, *, lists (1,2), ranges (1-5) or steps "
            "(*/10)");
  for (const char* wrong : {"", "* * * * *", "* * * * * * *", "a * * * * *", "5-1 * * * * *",
                            "*/0 * * * * *", "1,,2 * * * * *", "@every", "@every 0s", "@every 5",
                            "@every 5d", "* * * 0 * *", "* * * * 13 *", "* * * * * 8"}) {
    EXPECT_FALSE(ParseCron(wrong)) << wrong;
  }
}

}  // namespace
}  // namespace ebb::model
