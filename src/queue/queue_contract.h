// queue/queue_contract.h
// What a queue promises, whatever database it lies in.  Each database's test file adds itself as a
// parameter: see queue_test.cc.
#pragma once

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "queue/queue.h"
#include "testkit/run_task.h"
#include "testkit/temp_folder.h"

namespace ebb::queue {

using namespace std::chrono_literals;

// Opens an empty database, or the same one again, for one test's folder.
using OpenDatabase = std::function<std::unique_ptr<store::Database>(const base::Path& folder)>;

class QueueContract : public ::testing::TestWithParam<OpenDatabase> {
 protected:
  model::Message Message(std::string request_id, std::string key = "") {
    return {.request_id = std::move(request_id),
            .account = "1234",
            .function = "resize",
            .qualifier = "LATEST",
            .trigger = "photos",
            .key = std::move(key),
            .payload = "{\"a\":1}",
            .enqueued = clock_.WallNow(),
            .delay = {},
            .max_retries = 3,
            .max_age = 24h};
  }
  template <typename T>
  T Run(Task<T> task) {
    return testkit::RunToEnd(io_, std::move(task));
  }
  Enqueued Enqueue(model::Message message) {
    auto enqueued = Run(queue_.Enqueue(std::move(message)));
    EBB_CHECK(enqueued.has_value(), enqueued.error().Describe());
    return *enqueued;
  }
  std::vector<Delivery> Take(int limit = 10) {
    auto taken = Run(queue_.Take(limit));
    EBB_CHECK(taken.has_value(), taken.error().Describe());
    return std::move(*taken);
  }
  std::vector<std::string> TakeIds(int limit = 10) {
    std::vector<std::string> ids;
    for (const Delivery& d : Take(limit)) ids.push_back(d.message.request_id);
    return ids;
  }
  Delivery TakeOne() {
    auto taken = Take(1);
    EBB_CHECK(taken.size() == 1, "nothing is due");
    return std::move(taken[0]);
  }
  template <typename End>  // End(Transaction&)
  Result<void> Write(End end) {
    return database_->WriteBlocking(end);
  }
  Result<void> Finish(const Delivery& d) {
    return Write([&](store::Transaction& tx) { return queue_.FinishIn(tx, d); });
  }
  Result<void> Retry(const Delivery& d, Duration wait) {
    return Write([&](store::Transaction& tx) { return queue_.RetryIn(tx, d, wait); });
  }
  Result<void> Bury(const Delivery& d, std::string reason = "it raised") {
    return Write([&](store::Transaction& tx) { return queue_.BuryIn(tx, d, reason); });
  }
  Queue::Depth Stats(std::optional<std::string> function = {}) {
    return Run(queue_.Stats("1234", function)).value();
  }
  std::vector<DeadLetter> Dead(int limit = 10, std::optional<std::int64_t> before = {}) {
    return Run(queue_.ListDead("1234", {}, limit, before)).value();
  }
  DeadLetter BuryNew(std::string request_id) {
    Enqueue(Message(std::move(request_id)));
    EBB_CHECK(Bury(TakeOne()).has_value(), "bury");
    return Dead(1).at(0);
  }
  std::int64_t Count(const std::string& table) {
    std::int64_t count = 0;
    EBB_CHECK(database_
                  ->ReadBlocking([&](store::Reader& reader) -> Result<void> {
                    count = reader.Query("SELECT COUNT(*) FROM " + table)->at(0).Int(0);
                    return {};
                  })
                  .has_value(),
              table);
    return count;
  }
  using Ids = std::vector<std::string>;

  testkit::TempFolder folder_;
  ManualClock clock_;
  SeededRandom random_{1};
  asio::io_context io_;
  std::unique_ptr<store::Database> database_ = GetParam()(folder_.path());
  Queue queue_{*database_, clock_, random_, io_, {}};
};

// --- In.

TEST_P(QueueContract, MessageComesOutAsItWentIn) {
  model::Message in = Message("1-a", "key");
  in.payload = std::string("\0\xff binary", 9);
  EXPECT_EQ(Enqueue(in), Enqueued::kNew);
  const Delivery d = TakeOne();
  EXPECT_EQ(d.attempt, 1);
  EXPECT_EQ(d.earlier_attempts, 0);
  EXPECT_NE(d.hold, 0u);
  EXPECT_EQ(d.message.request_id, "1-a");
  EXPECT_EQ(d.message.account, "1234");
  EXPECT_EQ(d.message.function, "resize");
  EXPECT_EQ(d.message.qualifier, "LATEST");
  EXPECT_EQ(d.message.trigger, "photos");
  EXPECT_EQ(d.message.key, "key");
  EXPECT_EQ(d.message.payload, in.payload);
  EXPECT_EQ(d.message.enqueued, in.enqueued);
  EXPECT_EQ(d.message.max_retries, 3);
  EXPECT_EQ(d.message.max_age, 24h);
}

TEST_P(QueueContract, SecondMessageWithTheSameKeyIsDroppedEvenAfterTheFirstIsDone) {
  EXPECT_EQ(Enqueue(Message("1", "cat.png")), Enqueued::kNew);
  EXPECT_EQ(Enqueue(Message("2", "cat.png")), Enqueued::kDuplicate);
  ASSERT_TRUE(Finish(TakeOne()));
  EXPECT_EQ(Enqueue(Message("3", "cat.png")), Enqueued::kDuplicate);
  EXPECT_EQ(TakeIds(), Ids{});
}

TEST_P(QueueContract, KeyIsForgottenAfterTheWindowAndNotBefore) {
  Enqueue(Message("1", "cat.png"));
  clock_.Advance(24h - 1ms);
  EXPECT_EQ(Enqueue(Message("2", "cat.png")), Enqueued::kDuplicate);
  clock_.Advance(1ms);
  EXPECT_EQ(Enqueue(Message("3", "cat.png")), Enqueued::kNew);
  EXPECT_EQ(Enqueue(Message("4", "cat.png")), Enqueued::kDuplicate);
}

TEST_P(QueueContract, KeysOfDifferentFunctionsAndEmptyKeysAreNoDuplicates) {
  model::Message other = Message("2", "cat.png");
  other.function = "tag";
  EXPECT_EQ(Enqueue(Message("1", "cat.png")), Enqueued::kNew);
  EXPECT_EQ(Enqueue(other), Enqueued::kNew);
  EXPECT_EQ(Enqueue(Message("3")), Enqueued::kNew);
  EXPECT_EQ(Enqueue(Message("4")), Enqueued::kNew);
}

TEST_P(QueueContract, ExpiredKeysAreSweptWhileNewOnesComeIn) {
  auto enqueue_many = [&](const std::string& prefix, int count) {
    ASSERT_TRUE(Write([&](store::Transaction& tx) -> Result<void> {
      for (int i = 0; i < count; ++i) {
        EXPECT_TRUE(queue_.EnqueueIn(tx, Message("r", prefix + std::to_string(i))));
      }
      return {};
    }));
  };
  enqueue_many("old", 500);
  clock_.Advance(24h);
  enqueue_many("new", 500);
  EXPECT_LE(Count("queue_keys"), 500 + 64);
}

TEST_P(QueueContract, MessageInAWriteThatFailsWasNeverThere) {
  EXPECT_FALSE(Write([&](store::Transaction& tx) -> Result<void> {
    EXPECT_EQ(queue_.EnqueueIn(tx, Message("1", "key")), Enqueued::kNew);
    return Fail(Error::Invalid("no"));
  }));
  EXPECT_EQ(TakeIds(), Ids{});
  EXPECT_EQ(Enqueue(Message("1", "key")), Enqueued::kNew);
}

TEST_P(QueueContract, MessagesAreThereAfterReopening) {
  Enqueue(Message("1", "key"));
  database_.reset();
  database_ = GetParam()(folder_.path());
  Queue again(*database_, clock_, random_, io_, {});
  EXPECT_EQ(Run(again.Enqueue(Message("2", "key"))), Enqueued::kDuplicate);
  EXPECT_EQ(Run(again.Take(10))->at(0).message.request_id, "1");
}

// --- Out.

TEST_P(QueueContract, OldestDueIsTakenFirst) {
  model::Message late = Message("late");
  late.delay = 5s;
  model::Message soon = Message("soon");
  soon.delay = 2s;
  for (auto& m : {late, soon, Message("now-1"), Message("now-2")}) Enqueue(m);
  clock_.Advance(10s);
  EXPECT_EQ(TakeIds(3), (Ids{"now-1", "now-2", "soon"}));
  EXPECT_EQ(TakeIds(3), Ids{"late"});
}

TEST_P(QueueContract, DelayedMessageIsNotDueBeforeItsTime) {
  model::Message delayed = Message("1");
  delayed.delay = 10s;
  Enqueue(delayed);
  clock_.Advance(10s - 1ns);
  EXPECT_EQ(TakeIds(), Ids{});
  clock_.Advance(1ns);
  EXPECT_EQ(TakeIds(), Ids{"1"});
}

TEST_P(QueueContract, TakenMessageIsNobodyElsesUntilItsHoldRunsOut) {
  Enqueue(Message("1"));
  TakeOne();
  clock_.Advance(2min - 1ms);
  EXPECT_EQ(TakeIds(), Ids{});
  clock_.Advance(1ms);
  EXPECT_EQ(TakeOne().attempt, 2);
}

TEST_P(QueueContract, FinishedMessageIsGoneWithItsPayload) {
  Enqueue(Message("1"));
  ASSERT_TRUE(Finish(TakeOne()));
  clock_.Advance(24h);
  EXPECT_EQ(TakeIds(), Ids{});
  EXPECT_EQ(Count("queue_messages"), 0);
  EXPECT_EQ(Count("queue_payloads"), 0);
}

TEST_P(QueueContract, RetriedMessageComesBackAfterTheWaitWithTheNextAttempt) {
  Enqueue(Message("1"));
  ASSERT_TRUE(Retry(TakeOne(), 4s));
  clock_.Advance(4s - 1ms);
  EXPECT_EQ(TakeIds(), Ids{});
  clock_.Advance(1ms);
  const Delivery second = TakeOne();
  EXPECT_EQ(second.attempt, 2);
  EXPECT_EQ(second.message.payload, "{\"a\":1}");
}

TEST_P(QueueContract, ReturnDoesNotCountAsAnAttempt) {
  Enqueue(Message("1"));
  ASSERT_TRUE(Run(queue_.Return(TakeOne(), 1s)));
  EXPECT_EQ(TakeIds(), Ids{});
  clock_.Advance(1s);
  EXPECT_EQ(TakeOne().attempt, 1);
}

TEST_P(QueueContract, ExtendedHoldLastsAWholeHoldFromNow) {
  Enqueue(Message("1"));
  const Delivery held = TakeOne();
  clock_.Advance(1min);
  ASSERT_TRUE(Run(queue_.Extend(held)));
  clock_.Advance(2min - 1ms);
  EXPECT_EQ(TakeIds(), Ids{});
  clock_.Advance(1ms);
  EXPECT_EQ(TakeIds(), Ids{"1"});
}

TEST_P(QueueContract, WhoeverLostItsHoldCanEndNothing) {
  Enqueue(Message("1"));
  const Delivery lost = TakeOne();
  clock_.Advance(2min);
  const Delivery current = TakeOne();
  EXPECT_EQ(Run(queue_.Extend(lost)).error().kind(), ErrorKind::kConflict);
  EXPECT_EQ(Run(queue_.Return(lost, 0s)).error().kind(), ErrorKind::kConflict);
  EXPECT_EQ(Finish(lost).error().kind(), ErrorKind::kConflict);
  EXPECT_EQ(Retry(lost, 0s).error().kind(), ErrorKind::kConflict);
  EXPECT_EQ(Bury(lost).error().kind(), ErrorKind::kConflict);
  EXPECT_EQ(Stats().dead, 0);
  EXPECT_TRUE(Finish(current));
}

TEST_P(QueueContract, HoldThatRanOutButThatNobodyTookStillEnds) {
  Enqueue(Message("1"));
  const Delivery slow = TakeOne();
  clock_.Advance(1h);
  EXPECT_TRUE(Finish(slow));
  EXPECT_EQ(TakeIds(), Ids{});
}

TEST_P(QueueContract, DeliveryEndsOnlyOnce) {
  Enqueue(Message("1"));
  const Delivery held = TakeOne();
  ASSERT_TRUE(Retry(held, 0s));
  EXPECT_EQ(Finish(held).error().kind(), ErrorKind::kConflict);
  EXPECT_EQ(TakeIds(), Ids{"1"});
}

TEST_P(QueueContract, ReleasedHoldsAreDueAtOnceAndTheirTriesDoNotCount) {
  Enqueue(Message("held"));
  const Delivery before = TakeOne();
  clock_.Advance(1s);
  Enqueue(Message("waiting"));
  ASSERT_TRUE(Run(queue_.ReleaseHolds()));
  EXPECT_EQ(Finish(before).error().kind(), ErrorKind::kConflict);
  const auto taken = Take();
  ASSERT_EQ(taken.size(), 2u);
  EXPECT_EQ(taken[0].attempt, 1);
  EXPECT_EQ(taken[1].attempt, 1);
}

TEST_P(QueueContract, BackoffDoublesUpToItsEndAndJitterTakesAtMostHalf) {
  for (int attempt = 1; attempt <= 60; ++attempt) {
    const Duration whole = attempt < 10 ? Duration(1s) * (1 << (attempt - 1)) : Duration(5min);
    for (int i = 0; i < 20; ++i) {
      const Duration wait = queue_.Backoff(attempt);
      EXPECT_LE(wait, std::min(whole, Duration(5min)));
      EXPECT_GE(wait, std::min(whole, Duration(5min)) / 2);
    }
  }
  EXPECT_NE(queue_.Backoff(5), queue_.Backoff(5));
}

TEST_P(QueueContract, ExhaustedAfterTheLastRetryOrAtTheMaximumAge) {
  model::Message message = Message("1");
  message.max_retries = 1;
  message.max_age = 60s;
  Enqueue(message);
  const Delivery first = TakeOne();
  EXPECT_FALSE(queue_.Exhausted(first));
  ASSERT_TRUE(Retry(first, 0s));
  EXPECT_TRUE(queue_.Exhausted(TakeOne()));
  clock_.Advance(61s);
  EXPECT_TRUE(queue_.Exhausted(first));
}

TEST_P(QueueContract, MessageWithoutRetriesIsExhaustedAfterItsFirstTry) {
  model::Message message = Message("1");
  message.max_retries = 0;
  Enqueue(message);
  EXPECT_TRUE(queue_.Exhausted(TakeOne()));
}

TEST_P(QueueContract, StatsTellWaitingHeldAndDeadApart) {
  model::Message delayed = Message("delayed");
  delayed.delay = 1h;
  Enqueue(delayed);
  BuryNew("dead");
  Enqueue(Message("held"));
  TakeOne();
  Enqueue(Message("due"));
  model::Message other = Message("other");
  other.function = "tag";
  Enqueue(other);
  const Queue::Depth all = Stats();
  EXPECT_EQ(all.waiting, 3);
  EXPECT_EQ(all.held, 1);
  EXPECT_EQ(all.dead, 1);
  EXPECT_EQ(Stats("tag").waiting, 1);
  EXPECT_EQ(Stats("tag").dead, 0);
  clock_.Advance(3min);
  EXPECT_EQ(Stats().held, 0);  // Its hold ran out: it waits.
}

TEST_P(QueueContract, ForgettingAFunctionRemovesAllOfItAndNothingElse) {
  BuryNew("dead");
  Enqueue(Message("held", "a"));
  const Delivery held = TakeOne();
  Enqueue(Message("waiting", "b"));
  model::Message other = Message("other", "a");
  other.function = "tag";
  Enqueue(other);
  ASSERT_TRUE(
      Write([&](store::Transaction& tx) { return queue_.ForgetFunctionIn(tx, "1234", "resize"); }));
  EXPECT_EQ(Dead().size(), 0u);
  EXPECT_EQ(Finish(held).error().kind(), ErrorKind::kConflict);
  EXPECT_EQ(TakeIds(), Ids{"other"});
  EXPECT_EQ(Count("queue_payloads"), 1);
  EXPECT_EQ(Enqueue(Message("again", "b")), Enqueued::kNew);
}

// --- Dead letters.

TEST_P(QueueContract, BuriedMessageIsADeadLetterWithItsReason) {
  const DeadLetter listed = BuryNew("1");
  EXPECT_EQ(listed.message.request_id, "1");
  EXPECT_EQ(listed.message.payload, "");
  EXPECT_EQ(listed.payload_bytes, 7);
  EXPECT_EQ(listed.attempts, 1);
  EXPECT_EQ(listed.reason, "it raised");
  EXPECT_EQ(listed.died, clock_.WallNow());
  EXPECT_EQ(Run(queue_.GetDead("1234", listed.id))->message.payload, "{\"a\":1}");
  clock_.Advance(24h);
  EXPECT_EQ(TakeIds(), Ids{});
}

TEST_P(QueueContract, DeadLettersAreListedNewestFirstInPages) {
  for (const char* id : {"1", "2", "3"}) BuryNew(id);
  const auto page = Dead(2);
  ASSERT_EQ(page.size(), 2u);
  EXPECT_EQ(page[0].message.request_id, "3");
  EXPECT_EQ(page[1].message.request_id, "2");
  const auto rest = Dead(2, page[1].id);
  ASSERT_EQ(rest.size(), 1u);
  EXPECT_EQ(rest[0].message.request_id, "1");
  EXPECT_EQ(Run(queue_.ListDead("1234", "tag", 10, {}))->size(), 0u);
}

TEST_P(QueueContract, RedrivenMessageHasItsRetriesAndAgeAnewAndGoesOnCountingAttempts) {
  model::Message message = Message("1");
  message.max_retries = 1;
  Enqueue(message);
  ASSERT_TRUE(Retry(TakeOne(), 0s));
  ASSERT_TRUE(Bury(TakeOne()));
  clock_.Advance(48h);
  ASSERT_TRUE(Run(queue_.Redrive("1234", Dead(1)[0].id)));
  const Delivery third = TakeOne();
  EXPECT_EQ(third.message.request_id, "1");
  EXPECT_EQ(third.message.payload, "{\"a\":1}");
  EXPECT_EQ(third.attempt, 3);
  EXPECT_EQ(third.earlier_attempts, 2);
  EXPECT_FALSE(queue_.Exhausted(third));
  EXPECT_EQ(Dead().size(), 0u);
  ASSERT_TRUE(Bury(third));
  EXPECT_EQ(Dead(1).at(0).attempts, 3);
}

TEST_P(QueueContract, DeletedDeadLetterIsGoneWithItsPayload) {
  const DeadLetter letter = BuryNew("1");
  ASSERT_TRUE(Run(queue_.DeleteDead("1234", letter.id)));
  EXPECT_EQ(Dead().size(), 0u);
  EXPECT_EQ(Count("queue_payloads"), 0);
  EXPECT_EQ(Run(queue_.DeleteDead("1234", letter.id)).error().kind(), ErrorKind::kNotFound);
}

TEST_P(QueueContract, DeadLettersOfAnotherAccountAreNotFound) {
  const DeadLetter letter = BuryNew("1");
  EXPECT_EQ(Run(queue_.GetDead("999", letter.id)).error().kind(), ErrorKind::kNotFound);
  EXPECT_EQ(Run(queue_.Redrive("999", letter.id)).error().kind(), ErrorKind::kNotFound);
  EXPECT_EQ(Run(queue_.DeleteDead("999", letter.id)).error().kind(), ErrorKind::kNotFound);
  EXPECT_EQ(Dead().size(), 1u);
}

}  // namespace ebb::queue
