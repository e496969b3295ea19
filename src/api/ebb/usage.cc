#include "api/ebb/usage.h"

#include <fmt/format.h>

#include "base/time_format.h"

namespace ebb::api {
namespace {

using metering::UsageFilter;
using metering::UsageSummary;

Result<UsageFilter> ParseFilter(const Ask& ask) {
  auto from = QueryTime(ask, "from");
  if (!from) return Fail(from.error());
  auto until = QueryTime(ask, "until");
  if (!until) return Fail(until.error());
  UsageFilter filter;
  filter.account = ask.account;
  filter.function = QueryText(ask, "function");
  filter.request_id = QueryText(ask, "requestId");
  filter.trigger = QueryText(ask, "trigger");
  filter.from = *from;
  filter.until = *until;
  return filter;
}

// Billionths as a decimal text: a double would not hold them exactly.
std::string Decimal(std::int64_t billionths) {
  const std::int64_t one = 1'000'000'000;
  return fmt::format("{}{}.{:09}", billionths < 0 ? "-" : "", std::abs(billionths / one),
                     std::abs(billionths % one));
}

double InMillis(Duration d) { return std::chrono::duration<double, std::milli>(d).count(); }

json::value TimeOrNull(const std::optional<WallTime>& time) {
  if (!time) return nullptr;
  return json::value(base::FormatIsoMillis(*time));
}

json::object FormatSums(const UsageSummary& sums) {
  return {{"attempts", sums.attempts},
          {"failures", sums.failures},
          {"coldStarts", sums.cold_starts},
          {"billedMs", sums.billed.count()},
          {"cpuMs", InMillis(sums.cpu_time)},
          {"peakMemoryBytes", sums.peak_memory_bytes},
          {"computeUnits", Decimal(sums.units.count)},
          {"cost", Decimal(sums.cost.count)}};
}

// So that a client can say what something else would have cost.
json::object FormatPrices(const metering::PriceBook& book) {
  json::array tiers;
  for (const auto& tier : book.tiers) {
    tiers.push_back({{"upToUnits", tier.up_to_cu}, {"perUnit", tier.price_per_cu}});
  }
  return {{"unitsPerVcpuSecond", book.cu_per_vcpu_second},
          {"unitsPerGbSecond", book.cu_per_gb_second},
          {"unitsPerDiskGbSecond", book.cu_per_disk_gb_second},
          {"freeDiskMb", book.free_disk.count()},
          {"unitsPer10kInvocations", book.cu_per_10k_invocations},
          {"tiers", std::move(tiers)}};
}

void AddTo(UsageSummary& total, const UsageSummary& one) {
  total.attempts += one.attempts;
  total.failures += one.failures;
  total.cold_starts += one.cold_starts;
  total.billed += one.billed;
  total.cpu_time += one.cpu_time;
  total.peak_memory_bytes = std::max(total.peak_memory_bytes, one.peak_memory_bytes);
  total.units = total.units + one.units;
}

// {"cause":"burst","path":"fork","queueMs":0.01,…}
json::object FormatColdStart(const model::ColdStart& cold) {
  json::object out{{"cause", ToString(cold.cause)}, {"path", ToString(cold.path)}};
  for (const auto& phase : model::kColdPhases) {
    out[std::string(phase.name) + "Ms"] = InMillis(cold.*phase.duration);
  }
  return out;
}

json::object FormatRecord(const model::UsageRecord& record, const metering::PriceBook& book) {
  const metering::NanoCu units = metering::UnitsOf(record, book);
  const metering::NanoMoney cost = metering::PriceOf(units, {}, book);
  json::object out{{"requestId", record.request_id},
                   {"attempt", record.attempt},
                   {"function", record.function},
                   {"version", record.version},
                   {"trigger", record.trigger},
                   {"start", model::ToString(record.start)},
                   {"started", base::FormatIsoMillis(record.started)},
                   {"ranMs", InMillis(record.ran)},
                   {"billedMs", record.billed.count()},
                   {"cpu", static_cast<double>(record.cpu.count()) / 1000},
                   {"memorySize", record.memory.count()},
                   {"diskSize", record.disk.count()},
                   {"cpuMs", InMillis(record.cpu_time)},
                   {"peakMemoryBytes", record.peak_memory_bytes},
                   {"outcome", ToString(record.outcome)},
                   {"computeUnits", Decimal(units.count)},
                   {"cost", Decimal(cost.count)}};
  if (record.cold_start) out["coldStart"] = FormatColdStart(*record.cold_start);
  return out;
}

}  // namespace

Task<Answer> GetUsage(const Setup& setup, Ask ask) {
  auto filter = ParseFilter(ask);
  if (!filter) co_return Fail(filter.error());
  metering::Ledger& ledger = setup.services.ledger;
  // So that what the caller has just run is in the sums.
  auto flushed = co_await ledger.Flush();
  if (!flushed) co_return Fail(flushed.error());
  auto sums = co_await ledger.Summarize(*filter);
  if (!sums) co_return Fail(sums.error());

  json::array functions;
  UsageSummary total;
  for (const UsageSummary& one : *sums) {
    AddTo(total, one);
    json::object row = FormatSums(one);
    row["function"] = one.function;
    functions.push_back(std::move(row));
  }
  total.cost = metering::PriceOf(total.units, {}, ledger.prices());
  co_return JsonAnswer({{"currency", ledger.prices().currency},
                        {"from", TimeOrNull(filter->from)},
                        {"until", TimeOrNull(filter->until)},
                        {"functions", std::move(functions)},
                        {"total", FormatSums(total)},
                        {"prices", FormatPrices(ledger.prices())}});
}

Task<Answer> ListUsageRecords(const Setup& setup, Ask ask) {
  auto filter = ParseFilter(ask);
  if (!filter) co_return Fail(filter.error());
  auto limit = QueryLimit(ask);
  if (!limit) co_return Fail(limit.error());
  auto after = ParseToken(ask);
  if (!after) co_return Fail(after.error());
  metering::Ledger& ledger = setup.services.ledger;
  auto flushed = co_await ledger.Flush();
  if (!flushed) co_return Fail(flushed.error());
  auto page = co_await ledger.List(*filter, *limit, *after);
  if (!page) co_return Fail(AsInvalidArgument(page.error()));

  json::array records;
  for (const model::UsageRecord& record : page->records) {
    records.push_back(FormatRecord(record, ledger.prices()));
  }
  json::object out{{"records", std::move(records)}};
  if (page->next) out["nextToken"] = FormatToken(*page->next);
  co_return JsonAnswer(out);
}

}  // namespace ebb::api
