// model/cron.h
// When a timer is due: FC's cron expressions (six fields, seconds first), with a time zone, and
// "@every".
//
//   0 30 8 * * MON-FRI            08:30:00 UTC on working days
//   CRON_TZ=Asia/Shanghai 0 0 4 * * *
//   @every 4m                     also 90s, 1h30m
//
// Day of month and day of week: when both are restricted, either is enough, as in cron(8).
// Local times that a clock change skips run when the gap ends.  Local times that occur twice run
// once, except when the hour is "*": then the schedule simply goes on through both.
#pragma once

#include <bitset>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/error.h"

namespace ebb::model {

class Schedule {
 public:
  // The first time after `after`.  nullopt when there is none within eight years (30 February).
  std::optional<WallTime> NextAfter(WallTime after) const;

 private:
  friend Result<Schedule> ParseCron(std::string_view text);

  std::optional<std::chrono::seconds> every_;
  std::string zone_;  // Empty: UTC.
  std::bitset<60> seconds_;
  std::bitset<60> minutes_;
  std::bitset<24> hours_;
  std::bitset<32> days_;     // 1 to 31
  std::bitset<13> months_;   // 1 to 12
  std::bitset<7> weekdays_;  // 0 is Sunday
  bool any_day_ = false;     // The field was "*" or "?".
  bool any_weekday_ = false;
};

// kInvalid, saying which field is wrong and what it may hold.
Result<Schedule> ParseCron(std::string_view text);

}  // namespace ebb::model
