// How what an instance used is shared among calls that overlap.
#include "invoke/shift.h"

#include <gtest/gtest.h>

#include <vector>

namespace ebb::invoke {
namespace {

using namespace std::chrono_literals;

TimePoint At(Duration when) { return TimePoint() + std::chrono::hours(1) + when; }

TEST(ShiftTest, CallThatIsAloneIsChargedAllOfItRoundedUp) {
  Shift shift;
  const auto begun = shift.Begin(At(0ms), 5ms);
  const auto charge = shift.End(begun, At(10ms + 1ns), 8ms);
  EXPECT_EQ(charge.share.time, 10ms + 1ns);
  EXPECT_EQ(charge.share.cpu, 3ms);
  EXPECT_EQ(charge.billed, 11ms);
}

TEST(ShiftTest, TimeIsSharedEquallyWhileCallsOverlap) {
  Shift shift;
  const auto a = shift.Begin(At(0ms), 0ms);
  const auto b = shift.Begin(At(10ms), 4ms);
  const auto charge_a = shift.End(a, At(30ms), 10ms);  // 10 alone, 20 by two.
  const auto charge_b = shift.End(b, At(40ms), 11ms);
  EXPECT_EQ(charge_a.billed, 20ms);
  EXPECT_EQ(charge_b.billed, 20ms);
  EXPECT_EQ(charge_a.share.cpu, 7ms);
  EXPECT_EQ(charge_b.share.cpu, 4ms);
}

TEST(ShiftTest, BillsAddUpToTheTimeTheInstanceWasInUseRoundedUpOnce) {
  Shift shift;
  std::vector<Shift::Amount> begun;
  begun.reserve(7);
  const Duration step = 333'333ns;
  Duration now{};
  for (int i = 0; i < 7; ++i) begun.push_back(shift.Begin(At(now += step), now));
  Duration shares{};
  Duration cpu{};
  Millis billed{};
  for (const auto& call : begun) {
    const auto charge = shift.End(call, At(now += step), now);
    EXPECT_GE(charge.billed, 0ms);
    shares += charge.share.time;
    cpu += charge.share.cpu;
    billed += charge.billed;
  }
  EXPECT_EQ(shares, 13 * step);
  EXPECT_EQ(cpu, 13 * step);
  EXPECT_EQ(billed, 5ms);  // Of 4.333329 ms.
}

TEST(ShiftTest, ShareOfACallThatNobodyPaysForIsNobodyElses) {
  Shift shift;
  const auto paid = shift.Begin(At(0ms), 0ms);
  shift.Begin(At(0ms), 0ms);
  shift.Leave(At(10ms), 0ms);
  EXPECT_EQ(shift.End(paid, At(10ms), 0ms).billed, 5ms);
}

TEST(ShiftTest, TimeBetweenCallsIsNobodys) {
  Shift shift;
  auto begun = shift.Begin(At(0ms), 0ms);
  shift.End(begun, At(1ms), 0ms);
  begun = shift.Begin(At(1h), 1h);
  const auto charge = shift.End(begun, At(1h + 500us), 1h + 1ms);
  EXPECT_EQ(charge.billed, 1ms);
  EXPECT_EQ(charge.share.cpu, 1ms);
}

TEST(ShiftTest, CallsOnOneInstanceJoinOneShiftAndItEndsWithThem) {
  Shifts shifts;
  auto a = shifts.Join("c-1");
  EXPECT_EQ(shifts.Join("c-1"), a);
  EXPECT_NE(shifts.Join("c-2"), a);
  const std::weak_ptr<Shift> weak = a;
  a.reset();
  EXPECT_TRUE(weak.expired());
  EXPECT_NE(shifts.Join("c-1"), nullptr);
}

}  // namespace
}  // namespace ebb::invoke
