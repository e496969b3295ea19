// metering/prices.h
// What usage costs.  The default book is FC's published pay-as-you-go list.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/usage.h"

namespace ebb::metering {

// Compute units (FC's billing unit), in billionths: exact integers, no rounding error in sums.
struct NanoCu {
  std::int64_t count = 0;
  friend auto operator<=>(NanoCu, NanoCu) = default;
  friend NanoCu operator+(NanoCu a, NanoCu b) { return {a.count + b.count}; }
};

// A sum of money in billionths of the book's currency.
struct NanoMoney {
  std::int64_t count = 0;
  friend auto operator<=>(NanoMoney, NanoMoney) = default;
};

struct PriceBook {
  std::string currency = "CNY";
  // Rates are taken to a billionth of a CU; beyond that they are rounded once.
  double cu_per_vcpu_second = 1.0;
  double cu_per_gb_second = 0.15;       // Memory; 1 GB is 1024 MiB.
  double cu_per_disk_gb_second = 0.05;  // Above free_disk.
  Mebibytes free_disk{10240};
  double cu_per_10k_invocations = 75;
  // Monthly steps, in CU, each with the price of one CU within it.  The last has no end.
  struct Tier {
    std::int64_t up_to_cu = 0;  // 0: no end.
    double price_per_cu = 0;
  };
  std::vector<Tier> tiers = {{200'000'000, 0.00011}, {1'000'000'000, 0.00010}, {0, 0.00009}};
};

// What one attempt uses: configured size × billed time, plus one invocation unless it is a hook.
//
// An instance of one size uses a whole number of NanoCu a millisecond, so sums over any number of
// attempts are exact.  For FC's sizes (memory and disk in steps of 64 MB) that number is not
// rounded; for others it is off by less than one part in 10,000.
NanoCu UnitsOf(const model::UsageRecord& record, const PriceBook& book);
// What the same instance would cost over `held` if idle time were charged as running time.
NanoCu UnitsIfHeld(MilliCpu cpu, Mebibytes memory, Mebibytes disk, Millis held,
                   const PriceBook& book);
// Money for `units` when `already` units were used before in the month.  Rounded to the nearest
// billionth, once.
NanoMoney PriceOf(NanoCu units, NanoCu already, const PriceBook& book);

}  // namespace ebb::metering
