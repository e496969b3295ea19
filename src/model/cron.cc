#include "model/cron.h"

#include <date/tz.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <vector>

namespace ebb::model {
namespace {

using Seconds = std::chrono::seconds;

// Long enough to meet 29 February across a century year that is no leap year.
constexpr int kMaxDaysAhead = 8 * 366 + 1;

struct Field {
  std::string_view name;
  int lowest;
  int highest;
  std::array<std::string_view, 12> words;  // Empty: numbers only.
  int first_word;
};

constexpr Field kSecond{"second", 0, 59, {}, 0};
constexpr Field kMinute{"minute", 0, 59, {}, 0};
constexpr Field kHour{"hour", 0, 23, {}, 0};
constexpr Field kDay{"day of month", 1, 31, {}, 0};
constexpr Field kMonth{
    "month",
    1,
    12,
    {"JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"},
    1};
// 7 is Sunday too, as in cron(8).
constexpr Field kWeekday{"day of week", 0, 7, {"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"}, 0};

std::unexpected<Error> Wrong(const Field& field, std::string_view part) {
  return Fail(Error::Invalid("cron: \"" + std::string(part) + "\" is not a " +
                             std::string(field.name) + ": use " + std::to_string(field.lowest) +
                             " to " + std::to_string(field.highest) +
                             ", *, lists (1,2), ranges (1-5) or steps (*/10)"));
}

std::optional<int> ParseNumber(std::string_view text) {
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<int> ParseUnit(const Field& field, std::string_view text) {
  std::string upper(text);
  std::ranges::transform(upper, upper.begin(), [](unsigned char c) { return std::toupper(c); });
  for (std::size_t i = 0; i < field.words.size(); ++i) {
    if (!field.words[i].empty() && upper == field.words[i]) {
      return field.first_word + static_cast<int>(i);
    }
  }
  const auto number = ParseNumber(text);
  if (!number || *number < field.lowest || *number > field.highest) return std::nullopt;
  return number;
}

std::vector<std::string_view> Split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t at = text.find(separator);
    parts.push_back(text.substr(0, at));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

// One item of a list: "*", "5", "1-5", "*/10", "3-30/9".
template <std::size_t N>
Result<void> ParseItem(const Field& field, std::string_view item, std::bitset<N>& into) {
  const auto stepped = Split(item, '/');
  if (stepped.size() > 2) return Wrong(field, item);
  int step = 1;
  if (stepped.size() == 2) {
    const auto number = ParseNumber(stepped[1]);
    if (!number || *number < 1) return Wrong(field, item);
    step = *number;
  }
  int first = field.lowest;
  int last = field.highest;
  if (stepped[0] != "*" && stepped[0] != "?") {
    const auto range = Split(stepped[0], '-');
    const auto from = ParseUnit(field, range[0]);
    if (!from || range.size() > 2) return Wrong(field, item);
    first = *from;
    if (range.size() == 2) {
      const auto to = ParseUnit(field, range[1]);
      if (!to || *to < first) return Wrong(field, item);
      last = *to;
    } else if (stepped.size() == 1) {
      last = first;  // "5/10" means from 5 to the end.
    }
  }
  for (int i = first; i <= last; i += step) into.set(static_cast<std::size_t>(i));
  return {};
}

template <std::size_t N>
Result<void> ParseField(const Field& field, std::string_view text, std::bitset<N>& into) {
  for (const std::string_view item : Split(text, ',')) {
    if (auto parsed = ParseItem(field, item, into); !parsed) return parsed;
  }
  return {};
}

// "90s", "1h30m"; at least one second, in whole seconds.
Result<Seconds> ParseEvery(std::string_view text) {
  Seconds total{};
  std::string_view rest = text;
  while (!rest.empty()) {
    const std::size_t digits = std::min(rest.find_first_not_of("0123456789"), rest.size());
    const auto number = ParseNumber(rest.substr(0, digits));
    if (!number || digits == rest.size()) break;
    switch (rest[digits]) {
      case 'h':
        total += std::chrono::hours(*number);
        break;
      case 'm':
        total += std::chrono::minutes(*number);
        break;
      case 's':
        total += Seconds(*number);
        break;
      default:
        total = Seconds(-1);
        break;
    }
    if (total < Seconds(0)) break;
    rest.remove_prefix(digits + 1);
  }
  if (!rest.empty() || total < Seconds(1)) {
    return Fail(Error::Invalid("cron: \"@every " + std::string(text) +
                               "\" needs a time such as 30s, 4m or 1h30m"));
  }
  return total;
}

std::vector<std::string_view> Words(std::string_view text) {
  std::vector<std::string_view> words;
  for (const std::string_view word : Split(text, ' ')) {
    if (!word.empty()) words.push_back(word);
  }
  return words;
}

}  // namespace

Result<Schedule> ParseCron(std::string_view text) {
  Schedule schedule;
  auto words = Words(text);
  if (!words.empty() && words[0].starts_with("CRON_TZ=")) {
    schedule.zone_ = words[0].substr(8);
    words.erase(words.begin());
    try {
      date::locate_zone(schedule.zone_);
    } catch (const std::runtime_error&) {
      return Fail(Error::Invalid("cron: there is no time zone \"" + schedule.zone_ + "\""));
    }
  }
  if (words.size() == 2 && words[0] == "@every") {
    auto every = ParseEvery(words[1]);
    if (!every) return Fail(every.error());
    schedule.every_ = *every;
    return schedule;
  }
  if (words.size() != 6) {
    return Fail(Error::Invalid("cron: \"" + std::string(text) +
                               "\" needs six fields (second minute hour day month weekday) or "
                               "\"@every 4m\""));
  }
  std::bitset<8> weekdays;
  for (auto parsed :
       {ParseField(kSecond, words[0], schedule.seconds_),
        ParseField(kMinute, words[1], schedule.minutes_),
        ParseField(kHour, words[2], schedule.hours_), ParseField(kDay, words[3], schedule.days_),
        ParseField(kMonth, words[4], schedule.months_), ParseField(kWeekday, words[5], weekdays)}) {
    if (!parsed) return Fail(parsed.error());
  }
  for (std::size_t day = 0; day < 7; ++day) schedule.weekdays_[day] = weekdays[day];
  if (weekdays[7]) schedule.weekdays_.set(0);
  schedule.any_day_ = words[3] == "*" || words[3] == "?";
  schedule.any_weekday_ = words[5] == "*" || words[5] == "?";
  return schedule;
}

std::optional<WallTime> Schedule::NextAfter(WallTime after) const {
  if (every_) return std::chrono::floor<Seconds>(after) + *every_;

  const date::time_zone* zone = date::locate_zone(zone_.empty() ? "UTC" : zone_);
  const auto now = std::chrono::floor<Seconds>(after);
  // One hour back, so that the second pass through a repeated hour is seen.
  const auto local_now = zone->to_local(now) - std::chrono::hours(1);
  auto day = date::floor<date::days>(local_now);
  for (int ahead = 0; ahead < kMaxDaysAhead; ++ahead, day += date::days(1)) {
    const date::year_month_day calendar(day);
    const auto weekday = date::weekday(day).c_encoding();
    if (!months_[static_cast<unsigned>(calendar.month())]) continue;
    const bool day_matches = days_[static_cast<unsigned>(calendar.day())];
    const bool weekday_matches = weekdays_[weekday];
    const bool matches = any_day_       ? weekday_matches
                         : any_weekday_ ? day_matches
                                        : day_matches || weekday_matches;
    if (!matches) continue;
    std::optional<WallTime> best;  // Local order is not time order around a clock change.
    for (int second = 0; second < 86400; ++second) {
      const auto hour = static_cast<std::size_t>(second / 3600);
      if (!hours_[hour]) {
        second += 3599 - second % 3600;
        continue;
      }
      if (!minutes_[static_cast<std::size_t>(second / 60 % 60)]) {
        second += 59 - second % 60;
        continue;
      }
      if (!seconds_[static_cast<std::size_t>(second % 60)]) continue;
      const auto local = day + Seconds(second);
      if (local < local_now) continue;
      const date::local_info info = zone->get_info(local);
      std::array<WallTime, 2> times;
      if (info.result == date::local_info::nonexistent) {
        times.fill(WallTime(info.second.begin.time_since_epoch()));
      } else {
        times[0] = WallTime(local.time_since_epoch() - info.first.offset);
        times[1] = info.result == date::local_info::ambiguous && hours_.all()
                       ? WallTime(local.time_since_epoch() - info.second.offset)
                       : times[0];
      }
      for (const WallTime t : times) {
        if (t > after && (!best || t < *best)) best = t;
      }
      // An hour on, no later local time of this day can come before what was found.
      if (best &&
          WallTime(local.time_since_epoch() - info.first.offset) > *best + std::chrono::hours(3)) {
        break;
      }
    }
    if (best) return best;
  }
  return std::nullopt;
}

}  // namespace ebb::model
