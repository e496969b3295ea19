#include "metering/prices.h"

#include <gtest/gtest.h>

namespace ebb::metering {
namespace {

using namespace std::chrono_literals;

constexpr std::int64_t kNano = 1'000'000'000;

NanoCu Cu(std::int64_t whole) { return {whole * kNano}; }

model::UsageRecord Record(MilliCpu cpu, Mebibytes memory, Mebibytes disk, Millis billed) {
  model::UsageRecord record;
  record.cpu = cpu;
  record.memory = memory;
  record.disk = disk;
  record.billed = billed;
  return record;
}

// FC's page: 0.35 vCPU and 512 MB, 10 h active and 40 h idle, a million calls: 33,600 CU, 3.7 CNY.
TEST(PricesTest, FcWorkedExampleComesOutToTheLastDigit) {
  const PriceBook book;
  const auto call = Record(MilliCpu(350), Mebibytes(512), Mebibytes(512), Millis(10h) / 1'000'000);
  const NanoCu active{UnitsOf(call, book).count * 1'000'000};
  EXPECT_EQ(active, Cu(22'800));  // 12,600 for the CPU, 2,700 for the memory, 7,500 for the calls.
  // There an idle instance pays for its memory; here it pays nothing.
  const NanoCu idle = UnitsIfHeld(MilliCpu(0), Mebibytes(512), Mebibytes(512), 40h, book);
  EXPECT_EQ(active + idle, Cu(33'600));
  EXPECT_EQ(PriceOf(active + idle, {}, book).count, 3'696'000'000);  // 3.696: FC rounds to 3.7.
}

TEST(PricesTest, IdleChargedAsRunningIsTheSameRateWithoutACall) {
  const PriceBook book;
  EXPECT_EQ(UnitsIfHeld(MilliCpu(1000), Mebibytes(1024), Mebibytes(512), 1s, book).count,
            1'150'000'000);
}

TEST(PricesTest, OneMillisecondAndOneCallAreWholeBillionths) {
  const PriceBook book;
  const auto call = Record(MilliCpu(350), Mebibytes(512), Mebibytes(512), 1ms);
  EXPECT_EQ(UnitsOf(call, book).count, 350'000 + 75'000 + 7'500'000);
}

TEST(PricesTest, RunOfNoTimeCostsItsCallOnly) {
  EXPECT_EQ(UnitsOf(Record(MilliCpu(350), Mebibytes(512), Mebibytes(512), 0ms), {}).count,
            7'500'000);
}

TEST(PricesTest, DiskIsPaidForAboveTheFreeQuotaOnly) {
  const PriceBook book;
  const auto cost = [&](std::int64_t disk) {
    return UnitsIfHeld(MilliCpu(0), Mebibytes(0), Mebibytes(disk), 1s, book).count;
  };
  EXPECT_EQ(cost(512), 0);
  EXPECT_EQ(cost(10'240), 0);
  EXPECT_EQ(cost(10'240 + 1024), 50'000'000);
}

TEST(PricesTest, UnitsOfManyRunsAreTheUnitsOfTheirTotalForAnySize) {
  const PriceBook book;
  for (std::int64_t memory : {64, 128, 192, 777, 1000, 3072, 32'768}) {
    std::int64_t sum = 0;
    for (int ms = 1; ms <= 100; ++ms) {
      sum += UnitsIfHeld(MilliCpu(333), Mebibytes(memory), {}, Millis(ms), book).count;
    }
    EXPECT_EQ(sum, UnitsIfHeld(MilliCpu(333), Mebibytes(memory), {}, 5050ms, book).count);
  }
}

TEST(PricesTest, EverySizeThatFcSellsIsExact) {
  const PriceBook book;
  for (std::int64_t memory = 128; memory <= 32'768; memory += 64) {
    // 1,024 ms of `memory` MiB are `memory` GB·ms.
    EXPECT_EQ(UnitsIfHeld(MilliCpu(0), Mebibytes(memory), {}, 1024ms, book).count,
              150'000 * memory);
  }
}

TEST(PricesTest, EachTierPricesWhatLiesWithinIt) {
  const PriceBook book;
  EXPECT_EQ(PriceOf(Cu(1), {}, book).count, 110'000);
  EXPECT_EQ(PriceOf(Cu(200'000'000), {}, book).count, 22'000 * kNano);
  EXPECT_EQ(PriceOf(Cu(1), Cu(200'000'000 - 1), book).count, 110'000);
  EXPECT_EQ(PriceOf(Cu(1), Cu(200'000'000), book).count, 100'000);
  EXPECT_EQ(PriceOf(Cu(2), Cu(200'000'000 - 1), book).count, 210'000);
  EXPECT_EQ(PriceOf(Cu(2), Cu(1'000'000'000 - 1), book).count, 190'000);
  EXPECT_EQ(PriceOf(Cu(1), Cu(5'000'000'000), book).count, 90'000);
  // Across all three: 200 M at 0.00011, 800 M at 0.0001, 1 at 0.00009.
  EXPECT_EQ(PriceOf(Cu(1'000'000'001), {}, book).count, (22'000 + 80'000) * kNano + 90'000);
}

TEST(PricesTest, PartsOfAUnitAreRoundedOnceNotPerTier) {
  PriceBook book;
  book.tiers = {{1, 0.000000001}, {0, 0.000000001}};  // A billionth a CU.
  EXPECT_EQ(PriceOf({kNano / 2 - 1}, {}, book).count, 0);
  EXPECT_EQ(PriceOf({kNano / 2}, {}, book).count, 1);
  EXPECT_EQ(PriceOf({kNano / 2}, {kNano * 3 / 4}, book).count, 1);  // A quarter in each tier.
}

TEST(PricesTest, NothingUsedCostsNothing) { EXPECT_EQ(PriceOf({}, Cu(7), {}).count, 0); }

}  // namespace
}  // namespace ebb::metering
