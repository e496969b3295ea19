#include "queue/dead_letters_contract.h"
#include "queue/queue_contract.h"
#include "store/fake_disk.h"

namespace ebb::queue {
namespace {

std::unique_ptr<store::Database> OpenFile(const base::Path& folder, std::string vfs = "") {
  auto opened = store::OpenEmbedded({.file = folder / "ebb.db", .vfs = std::move(vfs)}, {Tables()});
  EBB_CHECK(opened.has_value(), opened.error().Describe());
  return std::move(*opened);
}

INSTANTIATE_TEST_SUITE_P(Embedded, QueueContract,
                         ::testing::Values(OpenDatabase([](const auto& folder) {
                           return OpenFile(folder);
                         })));

model::Message AnyMessage(const Clock& clock) {
  model::Message message;
  message.request_id = "1";
  message.account = "1234";
  message.function = "resize";
  message.enqueued = clock.WallNow();
  return message;
}

// Waiting is on real clocks: the deadlines are far apart, so that a loaded machine does no harm.
class WaitForDueTest : public ::testing::Test {
 protected:
  model::Message Message(Duration delay = {}) {
    model::Message message = AnyMessage(clock_);
    message.delay = delay;
    return message;
  }
  Deadline In(Duration d) { return Deadline(clock_.Now() + d); }
  template <typename T>
  T Run(Task<T> task) {
    return testkit::RunToEnd(io_, std::move(task));
  }
  Duration TimeOf(Task<void> task) {
    const TimePoint from = clock_.Now();
    Run(std::move(task));
    return clock_.Now() - from;
  }

  testkit::TempFolder folder_;
  SystemClock clock_;
  SeededRandom random_{1};
  asio::io_context io_;
  std::unique_ptr<store::Database> database_ = OpenFile(folder_.path());
  Queue queue_{*database_, clock_, random_, io_, {}};
};

TEST_F(WaitForDueTest, EndsAtOnceWhenSomethingIsDue) {
  ASSERT_TRUE(Run(queue_.Enqueue(Message())));
  EXPECT_LT(TimeOf(queue_.WaitForDue(In(60s))), 30s);
}

TEST_F(WaitForDueTest, EndsAtItsDeadlineWhenNothingIs) {
  EXPECT_GE(TimeOf(queue_.WaitForDue(In(20ms))), 20ms);
}

TEST_F(WaitForDueTest, EndsWhenADelayedMessageBecomesDue) {
  ASSERT_TRUE(Run(queue_.Enqueue(Message(50ms))));
  Run(queue_.WaitForDue(In(60s)));
  EXPECT_EQ(Run(queue_.Take(1))->size(), 1u);
}

TEST_F(WaitForDueTest, IsWokenByAnEnqueue) {
  auto enqueue_later = [](Queue& queue, model::Message message) -> Task<void> {
    co_await net::SleepFor(20ms);
    EXPECT_TRUE(co_await queue.Enqueue(message));
  };
  asio::co_spawn(io_, enqueue_later(queue_, Message()), [](std::exception_ptr) {});
  Run(queue_.WaitForDue(In(60s)));
  EXPECT_EQ(Run(queue_.Take(1))->size(), 1u);
}

TEST_F(WaitForDueTest, FindsAnEnqueueThatForgotToNotify) {
  auto enqueue_silently = [](store::Database& database, Queue& queue,
                             model::Message message) -> Task<void> {
    co_await net::SleepFor(20ms);
    EXPECT_TRUE(co_await database.Write([&](store::Transaction& tx) -> Result<void> {
      EXPECT_TRUE(queue.EnqueueIn(tx, message));
      return {};
    }));
  };
  asio::co_spawn(io_, enqueue_silently(*database_, queue_, Message()), [](std::exception_ptr) {});
  Run(queue_.WaitForDue(In(60s)));
  EXPECT_EQ(Run(queue_.Take(1))->size(), 1u);
}

TEST_F(WaitForDueTest, IsWokenByAReturn) {
  ASSERT_TRUE(Run(queue_.Enqueue(Message())));
  const Delivery held = Run(queue_.Take(1))->at(0);
  auto return_later = [](Queue& queue, Delivery d) -> Task<void> {
    co_await net::SleepFor(20ms);
    EXPECT_TRUE(co_await queue.Return(d, 0s));
  };
  asio::co_spawn(io_, return_later(queue_, held), [](std::exception_ptr) {});
  Run(queue_.WaitForDue(In(60s)));
  EXPECT_EQ(Run(queue_.Take(1))->size(), 1u);
}

TEST(QueueOnAFailingDisk, EnqueueIsWholeOrNotAtAllWhicheverOperationFails) {
  for (int nth = 1;; ++nth) {
    SCOPED_TRACE("operation " + std::to_string(nth) + " fails");
    testkit::TempFolder folder;
    store::FakeDisk disk;
    ManualClock clock;
    SeededRandom random{1};
    asio::io_context io;
    auto database = OpenFile(folder.path(), disk.name());
    Queue queue(*database, clock, random, io, {});
    model::Message message = AnyMessage(clock);
    message.key = "key";
    message.payload = std::string(20'000, 'x');
    disk.FailOnce(nth, store::FakeDisk::Failure::kFull);
    const auto first = testkit::RunToEnd(io, queue.Enqueue(message));
    const bool failed = disk.failed();
    disk.Mend();
    // The source tries again: with the key, once is enough and never twice.
    const auto second = testkit::RunToEnd(io, queue.Enqueue(message));
    EXPECT_EQ(second, first ? Enqueued::kDuplicate : Enqueued::kNew);
    const auto taken = testkit::RunToEnd(io, queue.Take(10));
    ASSERT_EQ(taken->size(), 1u);
    EXPECT_EQ(taken->at(0).message.payload.size(), 20'000u);
    if (!failed) break;
  }
}

TEST(QueueOfBigMessages, TakingRetryingAndBuryingOneDoesNotWriteItsPayloadAgain) {
  testkit::TempFolder folder;
  store::FakeDisk disk;
  ManualClock clock;
  SeededRandom random{1};
  asio::io_context io;
  auto database = OpenFile(folder.path(), disk.name());
  Queue queue(*database, clock, random, io, {});
  model::Message message = AnyMessage(clock);
  message.payload = std::string(32 << 20, 'x');
  ASSERT_TRUE(testkit::RunToEnd(io, queue.Enqueue(message)));
  const int before = disk.operations();
  const Delivery first = testkit::RunToEnd(io, queue.Take(1))->at(0);
  EXPECT_EQ(first.message.payload, message.payload);
  ASSERT_TRUE(database->WriteBlocking(
      [&](store::Transaction& tx) { return queue.RetryIn(tx, first, 0s); }));
  const Delivery second = testkit::RunToEnd(io, queue.Take(1))->at(0);
  ASSERT_TRUE(database->WriteBlocking(
      [&](store::Transaction& tx) { return queue.BuryIn(tx, second, "it raised"); }));
  EXPECT_LT(disk.operations() - before, 100);  // Its payload has 8,192 pages.
}

}  // namespace
}  // namespace ebb::queue
