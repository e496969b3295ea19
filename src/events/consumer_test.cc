#include "events/consumer.h"

#include <gtest/gtest.h>

#include "testkit/failing_database.h"
#include "testkit/fake_node.h"

namespace ebb::events {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

// On the system's clock: what is tested is that things happen, not when.
class ConsumerTest : public ::testing::Test {
 protected:
  ConsumerTest() {
    node_.Deploy("thumbs");
    Begin();
  }
  ~ConsumerTest() override { End(); }

  void Begin() {
    disk_.emplace(*node_.database);
    consumer_.emplace(node_.io, *disk_, *node_.queue, *node_.ledger, *node_.door, clock_,
                      node_.random, config_);
    consumer_->Start();
  }
  void End(Deadline deadline = Deadline::Never()) {
    if (!consumer_) return;
    node_.RunToEnd(consumer_->Stop(deadline));
    consumer_.reset();
  }

  model::Message Event(std::string request_id) const {
    model::Message message;
    message.request_id = std::move(request_id);
    message.account = node_.key.account;
    message.function = "thumbs";
    message.qualifier = model::kLatest;
    message.trigger = "uploads";
    message.payload = "cat.jpg";
    message.enqueued = clock_.WallNow();
    return message;
  }
  void Enqueue(model::Message message) {
    auto enqueued = node_.RunToEnd(node_.queue->Enqueue(std::move(message)));
    ASSERT_TRUE(enqueued) << enqueued.error().Describe();
  }

  queue::Queue::Depth Depth() {
    auto depth = node_.RunToEnd(node_.queue->Stats(node_.key.account, std::nullopt));
    EXPECT_TRUE(depth) << depth.error().Describe();
    return depth.value_or(queue::Queue::Depth{});
  }
  // Runs until `done()`; it must come true.
  template <typename F>
  void RunUntil(F done) {
    while (!done()) node_.io.run_one();
  }
  void RunUntilEmpty() {
    RunUntil([&] {
      const auto depth = Depth();
      return depth.waiting + depth.held == 0;
    });
  }
  std::vector<queue::DeadLetter> Dead() {
    return node_.RunToEnd(node_.queue->ListDead(node_.key.account, std::nullopt, 100, std::nullopt))
        .value();
  }

  void FunctionFails() {
    node_.launcher.on_invoke = [](sandbox::FakeSandbox&, const sandbox::Call&) {
      return Result<sandbox::Reply>(
          {.ok = false, .error_type = "UnhandledInvocationError", .body = "no such picture"});
    };
  }

  SystemClock clock_;
  ConsumerConfig config_{
      .max_parallel = 2, .first_capacity_wait = Millis(1), .retry_store_after = Millis(1)};
  testkit::FakeNode node_{
      clock_, {}, {.first_backoff = Millis(1), .max_backoff = Millis(2), .hold = minutes(2)}};
  std::optional<testkit::FailingDatabase> disk_;  // What the consumer writes to.
  std::optional<Consumer> consumer_;
};

TEST_F(ConsumerTest, MessageIsRunOnceAndItsCostIsKept) {
  Enqueue(Event("1-a"));
  RunUntilEmpty();
  ASSERT_EQ(node_.launcher.calls_seen.size(), 1u);
  EXPECT_EQ(node_.launcher.calls_seen[0].payload, "cat.jpg");
  EXPECT_EQ(node_.launcher.calls_seen[0].request_id, "1-a");
  const auto records = node_.Records();
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(records[0].request_id, "1-a");
  EXPECT_EQ(records[0].trigger, "uploads");
  EXPECT_EQ(records[0].attempt, 1);
  EXPECT_EQ(records[0].outcome, model::Outcome::kOk);
  EXPECT_TRUE(Dead().empty());
}

TEST_F(ConsumerTest, FailingFunctionIsTriedAgainThenBuriedAndEveryAttemptIsBilled) {
  FunctionFails();
  auto message = Event("1-a");
  message.max_retries = 2;
  Enqueue(message);
  RunUntilEmpty();
  const auto records = node_.Records();
  ASSERT_EQ(records.size(), 3u);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(records.at(static_cast<std::size_t>(i)).attempt, i + 1);
  const auto dead = Dead();
  ASSERT_EQ(dead.size(), 1u);
  EXPECT_EQ(dead[0].attempts, 3);
  EXPECT_EQ(dead[0].reason, "UnhandledInvocationError: no such picture");
}

TEST_F(ConsumerTest, RetryTellsTheFunctionHowManyTriesThereWere) {
  FunctionFails();
  auto message = Event("1-a");
  message.max_retries = 1;
  Enqueue(message);
  RunUntilEmpty();
  ASSERT_EQ(node_.launcher.calls_seen.size(), 2u);
  EXPECT_EQ(node_.launcher.calls_seen[0].retry_count, 0);
  EXPECT_EQ(node_.launcher.calls_seen[1].retry_count, 1);
}

TEST_F(ConsumerTest, PlatformTroubleCountsNeitherAsAttemptNorAsCost) {
  node_.launcher.fail_next = Error::Unavailable("no memory");
  Enqueue(Event("1-a"));
  RunUntil([&] { return !node_.launcher.fail_next; });
  RunUntilEmpty();
  const auto records = node_.Records();
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(records[0].attempt, 1);
  EXPECT_EQ(records[0].outcome, model::Outcome::kOk);
}

TEST_F(ConsumerTest, MessageBeyondItsMaximumAgeIsBuriedUntried) {
  auto message = Event("1-a");
  message.max_age = seconds(60);
  message.enqueued = clock_.WallNow() - minutes(2);
  Enqueue(message);
  RunUntilEmpty();
  EXPECT_EQ(node_.launcher.calls, 0);
  ASSERT_EQ(Dead().size(), 1u);
  EXPECT_TRUE(node_.Records().empty());
}

TEST_F(ConsumerTest, MessageForAFunctionThatIsGoneIsBuriedAtOnce) {
  auto message = Event("1-a");
  message.function = "nobody";
  Enqueue(message);
  RunUntilEmpty();
  const auto dead = Dead();
  ASSERT_EQ(dead.size(), 1u);
  EXPECT_EQ(dead[0].reason, "function 'nobody' does not exist.");
}

TEST_F(ConsumerTest, NoMoreThanMaxParallelAreUnderWay) {
  node_.launcher.call_gate.Close();
  for (int i = 0; i < 5; ++i) Enqueue(Event("1-" + std::to_string(i)));
  RunUntil([&] { return node_.launcher.call_gate.waiting() == 2; });
  EXPECT_EQ(consumer_->under_way(), 2u);
  EXPECT_EQ(Depth().held, 2);
  node_.launcher.call_gate.Open();
  RunUntilEmpty();
  EXPECT_EQ(node_.Records().size(), 5u);
}

TEST_F(ConsumerTest, StopLetsWhatIsUnderWayEnd) {
  node_.launcher.call_gate.Close();
  Enqueue(Event("1-a"));
  RunUntil([&] { return node_.launcher.call_gate.waiting() == 1; });
  asio::post(node_.io, [&] { node_.launcher.call_gate.Open(); });
  End();
  EXPECT_EQ(Depth().waiting + Depth().held, 0);
  EXPECT_EQ(node_.Records().size(), 1u);
}

TEST_F(ConsumerTest, StopGivesBackWhatDoesNotEndInTime) {
  node_.launcher.call_gate.Close();
  Enqueue(Event("1-a"));
  RunUntil([&] { return node_.launcher.call_gate.waiting() == 1; });
  End(Deadline(clock_.Now()));
  EXPECT_EQ(Depth().waiting, 1);
  node_.launcher.call_gate.Open();
  Begin();
  RunUntilEmpty();
  EXPECT_TRUE(Dead().empty());
  const auto records = node_.Records();
  ASSERT_FALSE(records.empty());
  EXPECT_EQ(records.back().outcome, model::Outcome::kOk);
}

TEST_F(ConsumerTest, EndOfAnAttemptIsKeptHoweverLongTheDiskFails) {
  disk_->fail_next_writes = 5;
  Enqueue(Event("1-a"));
  RunUntilEmpty();
  EXPECT_EQ(disk_->failed, 5);
  EXPECT_EQ(node_.launcher.calls, 1);
  EXPECT_EQ(node_.Records().size(), 1u);
}

TEST_F(ConsumerTest, StopDoesNotWaitForADiskThatFails) {
  disk_->fail_next_writes = 1'000'000;
  Enqueue(Event("1-a"));
  RunUntil([&] { return disk_->failed > 0; });
  End(Deadline(clock_.Now()));
  EXPECT_EQ(Depth().waiting, 1);  // To be run again.
  EXPECT_TRUE(node_.Records().empty());
}

TEST_F(ConsumerTest, MessageOfAFunctionDeletedMeanwhileIsForgottenAndItsAttemptBilled) {
  node_.launcher.call_gate.Close();
  Enqueue(Event("1-a"));
  RunUntil([&] { return node_.launcher.call_gate.waiting() == 1; });
  ASSERT_TRUE(node_.RunToEnd(
      node_.catalog->DeleteFunction(node_.key.account, "thumbs", [&](store::Transaction& tx) {
        return node_.queue->ForgetFunctionIn(tx, node_.key.account, "thumbs");
      })));
  node_.launcher.call_gate.Open();
  RunUntil([&] { return consumer_->under_way() == 0; });
  EXPECT_EQ(node_.Records().size(), 1u);
  EXPECT_TRUE(Dead().empty());
}

TEST_F(ConsumerTest, WhatAnEarlierRunHeldIsRunAtTheNextStart) {
  End();
  Enqueue(Event("1-a"));
  ASSERT_EQ(node_.RunToEnd(node_.queue->Take(1))->size(), 1u);  // And dies.
  node_.Restart();
  Begin();
  RunUntilEmpty();
  EXPECT_EQ(node_.Records().size(), 1u);
}

TEST(WaitForCapacityTest, WaitGrowsWithTheMessagesAgeWithinBounds) {
  EXPECT_EQ(WaitForCapacity(Duration{}, seconds(1), 0), seconds(1));
  EXPECT_EQ(WaitForCapacity(seconds(40), seconds(1), 0), seconds(20));
  EXPECT_EQ(WaitForCapacity(minutes(60), seconds(1), 0), minutes(5));
  EXPECT_EQ(WaitForCapacity(seconds(40), seconds(1), 0.5), seconds(15));
}

}  // namespace
}  // namespace ebb::events
