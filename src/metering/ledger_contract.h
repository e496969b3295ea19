// metering/ledger_contract.h
// What the ledger promises, whatever database it lies in.  Each database's test file adds itself as
// a parameter: see ledger_test.cc.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "metering/ledger.h"
#include "testkit/run_task.h"
#include "testkit/temp_folder.h"

namespace ebb::metering {

using namespace std::chrono_literals;

// Opens an empty database, or the same one again, for one test's folder.
using OpenDatabase = std::function<std::unique_ptr<store::Database>(const base::Path& folder)>;

inline model::UsageRecord AnyRecord(std::string request_id, int attempt = 1) {
  model::UsageRecord r;
  r.request_id = std::move(request_id);
  r.attempt = attempt;
  r.account = "1234";
  r.function = "resize";
  r.version = "LATEST";
  r.trigger = "photos";
  r.start = model::Start::kWarm;
  r.started = WallTime(1'800'000'000'123'456'789ns);
  r.ran = 41'000'001ns;
  r.billed = 42ms;
  r.cpu = MilliCpu(350);
  r.memory = Mebibytes(512);
  r.disk = Mebibytes(512);
  r.cpu_time = 40'500'000ns;
  r.peak_memory_bytes = 77'000'000;
  r.outcome = model::Outcome::kOk;
  return r;
}

class LedgerContract : public ::testing::TestWithParam<OpenDatabase> {
 protected:
  template <typename T>
  T Run(Task<T> task) {
    return testkit::RunToEnd(io_, std::move(task));
  }
  void Add(const model::UsageRecord& record) {
    auto kept = database_->WriteBlocking(
        [&](store::Transaction& tx) { return ledger_->AppendIn(tx, record); });
    EBB_CHECK(kept.has_value(), kept.error().Describe());
  }
  Ledger::Page List(UsageFilter filter, int limit = 100, std::optional<std::string> after = {}) {
    if (filter.account.empty()) filter.account = "1234";
    auto page = Run(ledger_->List(filter, limit, after));
    EBB_CHECK(page.has_value(), page.error().Describe());
    return std::move(*page);
  }
  std::vector<std::string> ListIds(UsageFilter filter) {
    std::vector<std::string> ids;
    for (const auto& r : List(std::move(filter)).records) ids.push_back(r.request_id);
    return ids;
  }
  std::vector<UsageSummary> Summarize(UsageFilter filter) {
    if (filter.account.empty()) filter.account = "1234";
    return Run(ledger_->Summarize(filter)).value();
  }
  std::unique_ptr<Ledger> MakeLedger(Duration commit_interval = 5ms) {
    Config config;
    config.commit_interval = commit_interval;
    return std::make_unique<Ledger>(*database_, io_, config);
  }
  using Ids = std::vector<std::string>;

  testkit::TempFolder folder_;
  asio::io_context io_;
  std::unique_ptr<store::Database> database_ = GetParam()(folder_.path());
  std::unique_ptr<Ledger> ledger_ = MakeLedger();
};

TEST_P(LedgerContract, RecordComesOutAsItWentIn) {
  using enum model::Outcome;
  for (const auto outcome :
       {kOk, kFunctionError, kTimeout, kOutOfMemory, kCrash, kInitError, kCancelled}) {
    model::UsageRecord in = AnyRecord(model::ToString(outcome), 3);
    in.outcome = outcome;
    in.start = outcome == kOk ? model::Start::kCold : model::Start::kWarm;
    if (outcome == kOk) {
      in.cold_start = {.cause = model::ColdCause::kEviction,
                       .path = model::StartPath::kStem,
                       .queue = 1ns,
                       .place = 2us,
                       .fetch_code = 3us,
                       .sandbox = 4us,
                       .runtime = 5us,
                       .init = 6ms,
                       .first_byte = 7s};
    }
    Add(in);
    UsageFilter filter;
    filter.request_id = in.request_id;
    const auto page = List(filter);
    ASSERT_EQ(page.records.size(), 1u);
    const model::UsageRecord& out = page.records[0];
    EXPECT_EQ(out.request_id, in.request_id);
    EXPECT_EQ(out.attempt, 3);
    EXPECT_EQ(out.account, in.account);
    EXPECT_EQ(out.function, in.function);
    EXPECT_EQ(out.version, in.version);
    EXPECT_EQ(out.trigger, in.trigger);
    EXPECT_EQ(out.start, in.start);
    EXPECT_EQ(out.started, in.started);
    EXPECT_EQ(out.ran, in.ran);
    EXPECT_EQ(out.billed, in.billed);
    EXPECT_EQ(out.cpu, in.cpu);
    EXPECT_EQ(out.memory, in.memory);
    EXPECT_EQ(out.disk, in.disk);
    EXPECT_EQ(out.cold_start, in.cold_start);
    EXPECT_EQ(out.cpu_time, in.cpu_time);
    EXPECT_EQ(out.peak_memory_bytes, in.peak_memory_bytes);
    EXPECT_EQ(out.outcome, outcome);
  }
}

TEST_P(LedgerContract, SameAttemptGivenTwiceIsKeptOnceAndTheFirstStands) {
  Add(AnyRecord("1"));
  model::UsageRecord again = AnyRecord("1");
  again.billed = 9999ms;
  Add(again);
  Add(AnyRecord("1", 2));
  const auto sums = Summarize({});
  EXPECT_EQ(sums.at(0).attempts, 2);
  EXPECT_EQ(sums.at(0).billed, 84ms);
}

TEST_P(LedgerContract, RecordInAWriteThatFailsWasNeverThere) {
  EXPECT_FALSE(database_->WriteBlocking([&](store::Transaction& tx) -> Result<void> {
    EXPECT_TRUE(ledger_->AppendIn(tx, AnyRecord("1")));
    return Fail(Error::Invalid("no"));
  }));
  EXPECT_EQ(ListIds({}), Ids{});
}

TEST_P(LedgerContract, AppendedRecordsAreOnDiskAfterFlush) {
  for (int i = 0; i < 100; ++i) ledger_->Append(AnyRecord(std::to_string(i)));
  ASSERT_TRUE(Run(ledger_->Flush()));
  EXPECT_EQ(Summarize({}).at(0).attempts, 100);
  EXPECT_TRUE(Run(ledger_->Flush()));  // Of nothing.
}

TEST_P(LedgerContract, AppendedRecordsReachTheDiskByThemselves) {
  ledger_->Append(AnyRecord("1"));
  ledger_->Append(AnyRecord("2"));
  io_.run();  // Ends when the ledger has nothing left to do.
  EXPECT_EQ(Summarize({}).at(0).attempts, 2);
  ledger_->Append(AnyRecord("3"));
  io_.restart();
  io_.run();
  EXPECT_EQ(Summarize({}).at(0).attempts, 3);
}

TEST_P(LedgerContract, FlushDoesNotWaitForTheInterval) {
  ledger_ = MakeLedger(1h);
  ledger_->Append(AnyRecord("1"));
  ASSERT_TRUE(Run(ledger_->Flush()));
  EXPECT_EQ(ListIds({}), Ids{"1"});
}

TEST_P(LedgerContract, StopKeepsWhatWasAppended) {
  ledger_ = MakeLedger(1h);
  ledger_->Append(AnyRecord("1"));
  Run(ledger_->Stop());
  EXPECT_EQ(ListIds({}), Ids{"1"});
}

TEST_P(LedgerContract, DestroyingWithoutStopKeepsWhatWasAppended) {
  ledger_ = MakeLedger(1h);
  ledger_->Append(AnyRecord("1"));
  ledger_ = MakeLedger();
  EXPECT_EQ(ListIds({}), Ids{"1"});
}

TEST_P(LedgerContract, ListIsNewestFirstInPagesWithoutGapsOrRepeats) {
  for (int i = 0; i < 7; ++i) {
    model::UsageRecord r = AnyRecord(std::to_string(i));
    r.started += Duration(i / 2);  // Pairs of the same instant.
    Add(r);
  }
  Ids ids;
  std::optional<std::string> after;
  int pages = 0;
  do {
    const auto page = List({}, 3, after);
    for (const auto& r : page.records) ids.push_back(r.request_id);
    after = page.next;
    ++pages;
  } while (after);
  EXPECT_EQ(ids, (Ids{"6", "5", "4", "3", "2", "1", "0"}));
  EXPECT_EQ(pages, 3);
}

TEST_P(LedgerContract, FullLastPageHasNoNext) {
  Add(AnyRecord("1"));
  Add(AnyRecord("2"));
  EXPECT_FALSE(List({}, 2).next);
}

TEST_P(LedgerContract, TokenThatIsNotOursIsInvalid) {
  for (const char* token : {"", "x", "1", "1-", "-", "1-2x", "99999999999999999999-1"}) {
    auto page = Run(ledger_->List({}, 10, token));
    EXPECT_EQ(page.error().kind(), ErrorKind::kInvalid) << token;
  }
}

TEST_P(LedgerContract, FiltersNarrowListsAndSums) {
  const WallTime t0 = AnyRecord("").started;
  model::UsageRecord first = AnyRecord("first");
  model::UsageRecord second = AnyRecord("second");
  second.function = "tag";
  second.trigger = "timer";
  second.started = t0 + 1h;
  model::UsageRecord foreign = AnyRecord("foreign");
  foreign.account = "999";
  for (const auto& r : {first, second, foreign}) Add(r);

  UsageFilter filter;
  EXPECT_EQ(ListIds(filter), (Ids{"second", "first"}));
  filter.function = "tag";
  EXPECT_EQ(ListIds(filter), Ids{"second"});
  filter = {};
  filter.trigger = "photos";
  EXPECT_EQ(ListIds(filter), Ids{"first"});
  filter = {};
  filter.request_id = "second";
  EXPECT_EQ(ListIds(filter), Ids{"second"});
  filter.request_id = "foreign";
  EXPECT_EQ(ListIds(filter), Ids{});
  filter = {};
  filter.from = t0 + 1h;
  EXPECT_EQ(ListIds(filter), Ids{"second"});
  filter = {};
  filter.until = t0 + 1h;
  EXPECT_EQ(ListIds(filter), Ids{"first"});
  EXPECT_EQ(Summarize(filter).size(), 1u);
  filter.account = "999";
  EXPECT_EQ(Summarize(filter).at(0).attempts, 1);
}

TEST_P(LedgerContract, SummaryAddsUpEachFunctionExactly) {
  NanoCu expected;
  for (int i = 0; i < 50; ++i) {
    model::UsageRecord r = AnyRecord(std::to_string(i));
    r.memory = Mebibytes(i % 2 == 0 ? 512 : 777);  // Changed its size in between.
    r.billed = Millis(i);
    r.cpu_time = Duration(i);
    r.peak_memory_bytes = 1000 + i;
    r.start = i == 0 ? model::Start::kCold : model::Start::kWarm;
    r.outcome = i % 10 == 3 ? model::Outcome::kTimeout : model::Outcome::kOk;
    Add(r);
    expected = expected + UnitsOf(r, ledger_->prices());
  }
  model::UsageRecord other = AnyRecord("other");
  other.function = "abc";
  Add(other);

  const auto sums = Summarize({});
  ASSERT_EQ(sums.size(), 2u);
  EXPECT_EQ(sums[0].function, "abc");
  EXPECT_EQ(sums[0].attempts, 1);
  const UsageSummary& resize = sums[1];
  EXPECT_EQ(resize.function, "resize");
  EXPECT_EQ(resize.attempts, 50);
  EXPECT_EQ(resize.failures, 5);
  EXPECT_EQ(resize.cold_starts, 1);
  EXPECT_EQ(resize.billed, 1225ms);
  EXPECT_EQ(resize.cpu_time, 1225ns);
  EXPECT_EQ(resize.peak_memory_bytes, 1049);
  EXPECT_EQ(resize.units, expected);
  EXPECT_EQ(resize.cost, PriceOf(expected, {}, ledger_->prices()));
}

TEST_P(LedgerContract, HookIsTimeButNoCall) {
  const model::UsageRecord call = AnyRecord("call");
  model::UsageRecord hook = AnyRecord("hook");
  hook.attempt = model::kHookAttempt;
  hook.outcome = model::Outcome::kTimeout;
  Add(call);
  Add(hook);
  const auto sums = Summarize({});
  ASSERT_EQ(sums.size(), 1u);
  EXPECT_EQ(sums[0].attempts, 1);
  EXPECT_EQ(sums[0].failures, 0);
  EXPECT_EQ(sums[0].billed, call.billed + hook.billed);
  EXPECT_EQ(sums[0].units,
            UnitsOf(call, ledger_->prices()) +
                UnitsIfHeld(hook.cpu, hook.memory, hook.disk, hook.billed, ledger_->prices()));
}

TEST_P(LedgerContract, RecordsAreThereAfterReopening) {
  ledger_->Append(AnyRecord("1"));
  Run(ledger_->Stop());
  ledger_.reset();
  database_.reset();
  database_ = GetParam()(folder_.path());
  ledger_ = MakeLedger();
  EXPECT_EQ(ListIds({}), Ids{"1"});
}

}  // namespace ebb::metering
