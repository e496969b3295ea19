// The ledger's way in: records of synchronous attempts gather in memory for a few milliseconds and
// are committed together.
#include "metering/ledger.h"

#include <algorithm>

#include "base/log.h"
#include "metering/ledger_state.h"
#include "metering/record_rows.h"

namespace ebb::metering {
namespace {

// How long after a failed write the next is tried: long enough not to storm a full disk, short
// enough that little gathers in memory.
constexpr Duration kFirstRetry = std::chrono::milliseconds(100);
constexpr Duration kLastRetry = std::chrono::seconds(5);

// Sets `flag` for a scope that a cancelled coroutine may leave by an exception.
class Raised {
 public:
  explicit Raised(bool& flag) : flag_(flag) { flag_ = true; }
  ~Raised() { flag_ = false; }
  Raised(const Raised&) = delete;
  Raised& operator=(const Raised&) = delete;

 private:
  bool& flag_;
};

Result<void> InsertAll(store::Transaction& tx, const std::vector<model::UsageRecord>& records) {
  for (const model::UsageRecord& record : records) {
    if (auto kept = InsertRecord(tx, record); !kept) return kept;
  }
  return {};
}

}  // namespace

Ledger::Ledger(store::Database& database, asio::io_context& io, Config config)
    : state_(std::make_shared<State>(database, io, std::move(config))), tasks_(io) {}

// Without Stop, or after one that failed.  A batch that is just being written may be written twice:
// it is kept once.
Ledger::~Ledger() {
  if (state_->empty()) return;
  auto kept = state_->database.WriteBlocking([this](store::Transaction& tx) -> Result<void> {
    if (state_->next) {
      if (auto done = InsertAll(tx, *state_->next); !done) return done;
    }
    return InsertAll(tx, state_->waiting);
  });
  if (kept) return;
  log::Error("usage records lost",
             {{"records", state_->appended - state_->durable}, {"error", kept.error()}});
}

Result<void> Ledger::AppendIn(store::Transaction& tx, const model::UsageRecord& record) {
  return InsertRecord(tx, record);
}

void Ledger::Append(model::UsageRecord record) {
  state_->waiting.push_back(std::move(record));
  ++state_->appended;
  if (state_->looping) return;
  state_->looping = true;  // At once: the task may begin after the next Append.
  tasks_.Spawn("commit usage records", CommitUntilEmpty(state_));
}

// Writes the batch that failed last, or all that has gathered.  Not while another call does.
Task<Result<void>> Ledger::CommitNext(std::shared_ptr<State> state) {
  const Raised committing(state->committing);
  if (!state->next) {
    state->next =
        std::make_shared<const std::vector<model::UsageRecord>>(std::exchange(state->waiting, {}));
  }
  auto done = co_await state->database.Write(
      [batch = state->next](store::Transaction& tx) { return InsertAll(tx, *batch); });
  if (done) {
    state->durable += state->next->size();
    state->next.reset();
  }
  state->ended.NotifyAll();
  co_return done;
}

// Half of the interval is for gathering, the other half for the write itself.
Task<void> Ledger::CommitUntilEmpty(std::shared_ptr<State> state) {
  const Raised looping(state->looping);
  Duration retry = kFirstRetry;
  co_await net::SleepFor(state->config.commit_interval / 2);
  while (!state->empty()) {
    if (state->committing) {  // By a Flush.
      co_await state->ended.Wait(Deadline::Never());
      continue;
    }
    auto done = co_await CommitNext(state);
    if (done) {
      retry = kFirstRetry;
      co_await net::SleepFor(state->config.commit_interval / 2);
    } else {
      log::Error("usage records cannot be written",
                 {{"records", state->appended - state->durable}, {"error", done.error()}});
      co_await net::SleepFor(retry);
      retry = std::min(retry * 2, kLastRetry);
    }
  }
}

Task<Result<void>> Ledger::Flush() {
  const std::shared_ptr<State> state = state_;
  const std::uint64_t target = state->appended;
  while (state->durable < target) {
    if (state->committing) {
      co_await state->ended.Wait(Deadline::Never());
      continue;
    }
    auto done = co_await CommitNext(state);
    if (!done) co_return done;
  }
  co_return Result<void>();
}

Task<void> Ledger::Stop() {
  (void)co_await Flush();  // What is left is the destructor's, which tells.
  co_await tasks_.Stop();
}

const PriceBook& Ledger::prices() const { return state_->config.prices; }

}  // namespace ebb::metering
