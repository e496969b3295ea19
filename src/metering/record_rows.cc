#include "metering/record_rows.h"

#include <sstream>
#include <string>

#include "base/check.h"
#include "metering/ledger.h"

namespace ebb::metering {
namespace {

model::Outcome OutcomeFrom(const std::string& text) {
  using enum model::Outcome;
  for (const auto outcome :
       {kOk, kFunctionError, kTimeout, kOutOfMemory, kCrash, kInitError, kCancelled}) {
    if (text == model::ToString(outcome)) return outcome;
  }
  EBB_CHECK(false, "no outcome is called " + text);
  return kOk;
}

// "first fork 1000 0 …": cause, path, the phases' nanoseconds.  Empty for a warm start, and for the
// cold ones of a database that did not keep them yet.
std::string FormatColdStart(const std::optional<model::ColdStart>& cold) {
  if (!cold) return {};
  std::string text = std::string(model::ToString(cold->cause)) + " " + model::ToString(cold->path);
  for (const auto& phase : model::kColdPhases) {
    text += " " + std::to_string(((*cold).*phase.duration).count());
  }
  return text;
}

std::optional<model::ColdStart> ColdStartFrom(const std::string& text) {
  if (text.empty()) return std::nullopt;
  std::istringstream words(text);
  std::string cause;
  std::string path;
  words >> cause >> path;
  model::ColdStart cold;
  cold.cause = model::ParseColdCause(cause).value_or(model::ColdCause::kFirst);
  cold.path = model::ParseStartPath(path).value_or(model::StartPath::kExec);
  for (const auto& phase : model::kColdPhases) {
    std::int64_t nanoseconds = 0;
    words >> nanoseconds;
    cold.*phase.duration = Duration(nanoseconds);
  }
  EBB_CHECK(!words.fail(), "no cold start is written " + text);
  return cold;
}

}  // namespace

// Amounts are stored as they were measured.  Compute units and money are not: they follow from
// these and the price book.
//
// The index serves lists and sums, which are always of one account in the order of time.
store::Migration Tables() {
  return {"metering",
          1,
          {
              "CREATE TABLE usage_records ("
              " id INTEGER PRIMARY KEY AUTOINCREMENT,"
              " request_id TEXT NOT NULL,"
              " attempt BIGINT NOT NULL,"
              " account TEXT NOT NULL,"
              " function TEXT NOT NULL,"
              " version TEXT NOT NULL,"
              " trigger_name TEXT NOT NULL,"
              " start TEXT NOT NULL,"
              " started_ns BIGINT NOT NULL,"
              " ran_ns BIGINT NOT NULL,"
              " billed_ms BIGINT NOT NULL,"
              " cpu_milli BIGINT NOT NULL,"
              " memory_mib BIGINT NOT NULL,"
              " disk_mib BIGINT NOT NULL,"
              " cpu_time_ns BIGINT NOT NULL,"
              " peak_memory_bytes BIGINT NOT NULL,"
              " outcome TEXT NOT NULL,"
              " UNIQUE (request_id, attempt))",

              "CREATE INDEX usage_records_by_time ON usage_records (account, started_ns, id)",
          }};
}

store::Migration ColdStartColumn() {
  return {
      "metering", 2, {"ALTER TABLE usage_records ADD COLUMN cold_start TEXT NOT NULL DEFAULT ''"}};
}

Result<void> InsertRecord(store::Transaction& tx, const model::UsageRecord& r) {
  static const std::string sql = std::string("INSERT INTO usage_records (") + kRecordColumns +
                                 ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
                                 " ON CONFLICT (request_id, attempt) DO NOTHING";
  auto kept = tx.Execute(
      sql, {r.request_id, static_cast<std::int64_t>(r.attempt), r.account, r.function, r.version,
            r.trigger, ToString(r.start), std::int64_t{r.started.time_since_epoch().count()},
            std::int64_t{r.ran.count()}, std::int64_t{r.billed.count()}, r.cpu.count(),
            r.memory.count(), r.disk.count(), std::int64_t{r.cpu_time.count()}, r.peak_memory_bytes,
            model::ToString(r.outcome), FormatColdStart(r.cold_start)});
  if (!kept) return Fail(kept.error().With("keep a usage record"));
  return {};
}

model::UsageRecord RecordFrom(const store::Row& row) {
  return {.request_id = row.Text(0),
          .attempt = static_cast<int>(row.Int(1)),
          .account = row.Text(2),
          .function = row.Text(3),
          .version = row.Text(4),
          .trigger = row.Text(5),
          .start = row.Text(6) == "cold" ? model::Start::kCold : model::Start::kWarm,
          .started = WallTime(Duration(row.Int(7))),
          .ran = Duration(row.Int(8)),
          .billed = Millis(row.Int(9)),
          .cpu = MilliCpu(row.Int(10)),
          .memory = Mebibytes(row.Int(11)),
          .disk = Mebibytes(row.Int(12)),
          .cpu_time = Duration(row.Int(13)),
          .peak_memory_bytes = row.Int(14),
          .outcome = OutcomeFrom(row.Text(15)),
          .cold_start = ColdStartFrom(row.Text(16))};
}

}  // namespace ebb::metering
