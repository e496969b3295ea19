// metering/ledger.h
// The ledger: one durable record per attempt, exact.  Keyed by (request id, attempt): the same
// record given twice is kept once, the first one.
//
// Lives on one io_context, except AppendIn, which runs on the store's writer thread.  Decides
// nothing about what is billed: that is invoke's.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "metering/prices.h"
#include "model/usage.h"
#include "net/task.h"
#include "net/task_group.h"
#include "store/database.h"

namespace ebb::metering {

store::Migration Tables();
store::Migration ColdStartColumn();  // The second version of them.

struct Config {
  // The longest a synchronous call's record stays in memory only; what a crash may lose.
  Duration commit_interval = std::chrono::milliseconds(5);
  PriceBook prices;
};

struct UsageFilter {
  std::string account;
  std::optional<std::string> function;
  std::optional<std::string> request_id;
  std::optional<std::string> trigger;
  std::optional<WallTime> from;   // By start time, inclusive.
  std::optional<WallTime> until;  // Exclusive.
};

// Sums over attempts, one row a function.
struct UsageSummary {
  std::string function;
  std::int64_t attempts = 0;
  std::int64_t failures = 0;  // Outcome other than ok.
  std::int64_t cold_starts = 0;
  Millis billed{};
  Duration cpu_time{};
  std::int64_t peak_memory_bytes = 0;
  NanoCu units;
  NanoMoney cost;  // At the book's first tier onwards, for the filter's period taken by itself.
};

class Ledger {
 public:
  Ledger(store::Database& database, asio::io_context& io, Config config);
  ~Ledger();

  // In somebody's transaction: asynchronous attempts.
  Result<void> AppendIn(store::Transaction& tx, const model::UsageRecord& record);
  // Group-committed within Config::commit_interval: synchronous attempts.  Does not wait.  A write
  // that fails is tried again until it succeeds; records are never dropped while the process lives.
  void Append(model::UsageRecord record);
  // Returns when everything appended before is on disk.  kUnavailable: a try to write it failed;
  // the records are kept and tried again later all the same.
  Task<Result<void>> Flush();
  // Flush, then end.  What could not be written is tried a last time by the destructor, which says
  // so in the log if that fails too.
  Task<void> Stop();

  struct Page {
    std::vector<model::UsageRecord> records;  // Newest first.
    std::optional<std::string> next;          // Pass as `after` to go on.
  };
  // kInvalid: `after` is not from a page of this ledger.
  Task<Result<Page>> List(UsageFilter filter, int limit, std::optional<std::string> after);
  // By function name.  The sum of what UnitsOf gives for each record, exactly.
  Task<Result<std::vector<UsageSummary>>> Summarize(UsageFilter filter);

  const PriceBook& prices() const;

 private:
  struct State;
  static Task<Result<void>> CommitNext(std::shared_ptr<State> state);
  static Task<void> CommitUntilEmpty(std::shared_ptr<State> state);

  std::shared_ptr<State> state_;
  net::TaskGroup tasks_;
};

}  // namespace ebb::metering
