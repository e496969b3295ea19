#include "sandbox/demand.h"

#include <gtest/gtest.h>

namespace ebb::sandbox {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr TimePoint kStart{std::chrono::hours(5)};

void TakeMany(Demand& demand, int count, TimePoint when) {
  for (int i = 0; i < count; ++i) demand.Took(when);
}

TEST(Demand, IsTheLeastWhenNothingWasTaken) { EXPECT_EQ(Demand(4, 64).Target(kStart), 4); }

TEST(Demand, IsWhatTheBusiestSecondTook) {
  Demand demand(1, 64);
  TakeMany(demand, 7, kStart);
  TakeMany(demand, 20, kStart + seconds(2));
  TakeMany(demand, 3, kStart + seconds(3));
  EXPECT_EQ(demand.Target(kStart + seconds(3)), 20);
}

TEST(Demand, IsNeverMoreThanTheMost) {
  Demand demand(1, 64);
  TakeMany(demand, 1000, kStart);
  EXPECT_EQ(demand.Target(kStart), 64);
}

TEST(Demand, ForgetsABurstAfterThirtySeconds) {
  Demand demand(2, 64);
  TakeMany(demand, 30, kStart);
  EXPECT_EQ(demand.Target(kStart + seconds(29)), 30);
  EXPECT_EQ(demand.Target(kStart + seconds(30)), 2);
}

TEST(Demand, CountsASecondAnewWhenItsPlaceComesRoundAgain) {
  Demand demand(0, 64);
  TakeMany(demand, 30, kStart);
  TakeMany(demand, 1, kStart + seconds(30) + milliseconds(1));
  EXPECT_EQ(demand.Target(kStart + seconds(31)), 1);
}

TEST(Demand, KeepsTheLeastEvenAboveTheMost) { EXPECT_EQ(Demand(4, 0).Target(kStart), 4); }

}  // namespace
}  // namespace ebb::sandbox
