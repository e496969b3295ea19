#include "metering/prices.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"

namespace ebb::metering {
namespace {

constexpr std::int64_t kNano = 1'000'000'000;

std::int64_t ToNano(double amount) { return std::llround(amount * 1e9); }

std::int64_t DivideRounded(std::int64_t a, std::int64_t b) { return (a + b / 2) / b; }

std::int64_t Times(std::int64_t a, std::int64_t b) {
  std::int64_t product = 0;
  EBB_CHECK(!__builtin_mul_overflow(a, b, &product), "more usage than a ledger can hold");
  return product;
}

// NanoCu of one millisecond.  1,000 thousandths make a vCPU, 1,024 MiB a GB, 1,000 ms a second:
// 1024 * 1000 * 1000 is their common denominator.
std::int64_t NanoCuPerMs(MilliCpu cpu, Mebibytes memory, Mebibytes disk, const PriceBook& book) {
  const std::int64_t paid_disk = std::max(disk.count() - book.free_disk.count(), std::int64_t{0});
  const std::int64_t cpu_part = Times(ToNano(book.cu_per_vcpu_second), cpu.count() * 1024);
  const std::int64_t memory_part = Times(ToNano(book.cu_per_gb_second), memory.count() * 1000);
  const std::int64_t disk_part = Times(ToNano(book.cu_per_disk_gb_second), paid_disk * 1000);
  return DivideRounded(cpu_part + memory_part + disk_part, 1024 * 1'000'000);
}

}  // namespace

NanoCu UnitsOf(const model::UsageRecord& record, const PriceBook& book) {
  const bool is_call = record.attempt != model::kHookAttempt;
  const std::int64_t call =
      is_call ? DivideRounded(ToNano(book.cu_per_10k_invocations), 10'000) : 0;
  return UnitsIfHeld(record.cpu, record.memory, record.disk, record.billed, book) + NanoCu{call};
}

NanoCu UnitsIfHeld(MilliCpu cpu, Mebibytes memory, Mebibytes disk, Millis held,
                   const PriceBook& book) {
  return {Times(NanoCuPerMs(cpu, memory, disk, book), held.count())};
}

NanoMoney PriceOf(NanoCu units, NanoCu already, const PriceBook& book) {
  std::int64_t whole = 0;      // Billionths of the currency …
  std::int64_t fractions = 0;  // … and billionths of those, rounded at the end only.
  std::int64_t left = units.count;
  std::int64_t at = already.count;
  for (const PriceBook::Tier& tier : book.tiers) {
    if (left <= 0) break;
    const std::int64_t end = tier.up_to_cu == 0 ? INT64_MAX : Times(tier.up_to_cu, kNano);
    if (at >= end) continue;
    const std::int64_t here = std::min(left, end - at);
    const std::int64_t price = ToNano(tier.price_per_cu);
    whole += Times(here / kNano, price);
    fractions += Times(here % kNano, price);
    at += here;
    left -= here;
  }
  return {whole + DivideRounded(fractions, kNano)};
}

}  // namespace ebb::metering
