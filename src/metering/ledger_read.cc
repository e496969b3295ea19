// The ledger's way out: pages of records and sums.
#include <charconv>

#include "metering/ledger_state.h"
#include "metering/record_rows.h"

namespace ebb::metering {
namespace {

// A statement that grows by conditions, with its parameters.
struct Sql {
  void And(std::string_view condition, store::Value value) {
    text += condition;
    values.push_back(std::move(value));
  }
  std::string text;
  std::vector<store::Value> values;
};

std::int64_t NanosOf(WallTime t) { return t.time_since_epoch().count(); }

Sql Select(std::string columns, const UsageFilter& filter) {
  Sql sql{"SELECT " + std::move(columns) + " FROM usage_records WHERE", {}};
  if (filter.request_id) {
    // The account's index would be chosen and walked for the one request: as an expression it
    // cannot be.
    sql.And(" request_id = ?", *filter.request_id);
    sql.And(" AND account || '' = ?", filter.account);
  } else {
    sql.And(" account = ?", filter.account);
  }
  if (filter.function) sql.And(" AND function = ?", *filter.function);
  if (filter.trigger) sql.And(" AND trigger_name = ?", *filter.trigger);
  if (filter.from) sql.And(" AND started_ns >= ?", NanosOf(*filter.from));
  if (filter.until) sql.And(" AND started_ns < ?", NanosOf(*filter.until));
  return sql;
}

// "<started_ns>-<id>" of the last record on a page.
struct Cursor {
  std::int64_t started_ns = 0;
  std::int64_t id = 0;
};

std::optional<Cursor> ParseCursor(const std::string& text) {
  Cursor cursor;
  const char* end = text.data() + text.size();
  const auto first = std::from_chars(text.data(), end, cursor.started_ns);
  if (first.ec != std::errc() || first.ptr == end || *first.ptr != '-') return std::nullopt;
  const auto second = std::from_chars(first.ptr + 1, end, cursor.id);
  if (second.ec != std::errc() || second.ptr != end) return std::nullopt;
  return cursor;
}

Result<Ledger::Page> ReadPage(store::Reader& reader, const Sql& sql, std::size_t limit) {
  auto rows = reader.Query(sql.text, sql.values);
  if (!rows) return Fail(rows.error().With("list usage records"));
  Ledger::Page page;
  for (const store::Row& row : *rows) {
    if (page.records.size() == limit) {  // One more than asked for: there is another page.
      const store::Row& last = rows->at(limit - 1);
      page.next = std::to_string(NanosOf(page.records.back().started)) + "-" +
                  std::to_string(last.Int(kRecordColumnCount));
      break;
    }
    page.records.push_back(RecordFrom(row));
  }
  return page;
}

// Adds a row of the statement in Summarize: the sums over one function's attempts of one size.
void AddTo(UsageSummary& summary, const store::Row& row, const PriceBook& book) {
  const MilliCpu cpu(row.Int(1));
  const Mebibytes memory(row.Int(2));
  const Mebibytes disk(row.Int(3));
  const std::int64_t attempts = row.Int(4);
  const Millis billed(row.Int(7));
  summary.attempts += attempts;
  summary.failures += row.Int(5);
  summary.cold_starts += row.Int(6);
  summary.billed += billed;
  summary.cpu_time += Duration(row.Int(8));
  summary.peak_memory_bytes = std::max(summary.peak_memory_bytes, row.Int(9));
  // Exactly the sum of UnitsOf: units grow with whole milliseconds at a whole rate.
  const NanoCu per_call = UnitsOf({}, book);
  summary.units = summary.units + UnitsIfHeld(cpu, memory, disk, billed, book) +
                  NanoCu{per_call.count * attempts};
}

}  // namespace

Task<Result<Ledger::Page>> Ledger::List(UsageFilter filter, int limit,
                                        std::optional<std::string> after) {
  const std::shared_ptr<State> state = state_;
  const auto page_size = static_cast<std::size_t>(std::max(1, limit));
  Sql sql = Select(std::string(kRecordColumns) + ", id", filter);
  if (after) {
    const auto cursor = ParseCursor(*after);
    if (!cursor) co_return Fail(Error::Invalid("nextToken is not from a list of usage records"));
    sql.text += " AND (started_ns, id) < (?, ?)";
    sql.values.emplace_back(cursor->started_ns);
    sql.values.emplace_back(cursor->id);
  }
  sql.And(" ORDER BY started_ns DESC, id DESC LIMIT ?", static_cast<std::int64_t>(page_size) + 1);
  co_return co_await state->database.Reading<Page>(
      [sql = std::move(sql), page_size](store::Reader& r) { return ReadPage(r, sql, page_size); });
}

Task<Result<std::vector<UsageSummary>>> Ledger::Summarize(UsageFilter filter) {
  using Summaries = std::vector<UsageSummary>;
  const std::shared_ptr<State> state = state_;
  Sql sql = Select(
      // Attempt 0 is model::kHookAttempt: time, but no call.
      "function, cpu_milli, memory_mib, disk_mib, COUNT(CASE WHEN attempt > 0 THEN 1 END),"
      " COUNT(CASE WHEN attempt > 0 AND outcome <> 'ok' THEN 1 END), COUNT(CASE WHEN start = "
      "'cold' THEN 1 END),"
      " SUM(billed_ms), SUM(cpu_time_ns), MAX(peak_memory_bytes)",
      filter);
  sql.text += " GROUP BY function, cpu_milli, memory_mib, disk_mib ORDER BY function";
  co_return co_await state->database.Reading<Summaries>(
      [state, sql = std::move(sql)](store::Reader& reader) -> Result<Summaries> {
        auto rows = reader.Query(sql.text, sql.values);
        if (!rows) return Fail(rows.error().With("sum up usage"));
        Summaries summaries;
        for (const store::Row& row : *rows) {
          if (summaries.empty() || summaries.back().function != row.Text(0)) {
            summaries.emplace_back().function = row.Text(0);
          }
          AddTo(summaries.back(), row, state->config.prices);
        }
        for (UsageSummary& s : summaries) s.cost = PriceOf(s.units, {}, state->config.prices);
        return summaries;
      });
}

}  // namespace ebb::metering
