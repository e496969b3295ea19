#include "base/log.h"
#include "metering/ledger_contract.h"
#include "store/fake_disk.h"

namespace ebb::metering {
namespace {

std::unique_ptr<store::Database> OpenFile(const base::Path& folder, std::string vfs = "") {
  auto opened = store::OpenEmbedded({.file = folder / "ebb.db", .vfs = std::move(vfs)},
                                    {Tables(), ColdStartColumn()});
  EBB_CHECK(opened.has_value(), opened.error().Describe());
  return std::move(*opened);
}

INSTANTIATE_TEST_SUITE_P(Embedded, LedgerContract,
                         ::testing::Values(OpenDatabase([](const base::Path& folder) {
                           return OpenFile(folder);
                         })));

class LedgerOnAFailingDisk : public ::testing::Test {
 protected:
  std::int64_t Attempts() {
    UsageFilter filter;
    filter.account = "1234";
    auto sums = testkit::RunToEnd(io_, ledger_.Summarize(filter));
    return sums->empty() ? 0 : sums->at(0).attempts;
  }

  testkit::TempFolder folder_;
  store::FakeDisk disk_;
  asio::io_context io_;
  std::unique_ptr<store::Database> database_ = OpenFile(folder_.path(), disk_.name());
  Ledger ledger_{*database_, io_, {}};
};

TEST_F(LedgerOnAFailingDisk, RecordsAreTriedAgainUntilTheyAreKept) {
  disk_.FailOnce(1, store::FakeDisk::Failure::kFull);
  ledger_.Append(AnyRecord("1"));
  io_.run();  // Ends when the ledger has nothing left to do.
  EXPECT_TRUE(disk_.failed());
  EXPECT_EQ(Attempts(), 1);
}

TEST_F(LedgerOnAFailingDisk, FlushSaysThatItFailedAndLosesNothing) {
  ledger_.Append(AnyRecord("1"));
  disk_.FailOnce(1, store::FakeDisk::Failure::kFull);
  auto flushed = testkit::RunToEnd(io_, ledger_.Flush());
  ASSERT_FALSE(flushed);
  EXPECT_EQ(flushed.error().message(), "disk full");
  ledger_.Append(AnyRecord("2"));
  EXPECT_TRUE(testkit::RunToEnd(io_, ledger_.Flush()));
  EXPECT_EQ(Attempts(), 2);
}

}  // namespace
}  // namespace ebb::metering
