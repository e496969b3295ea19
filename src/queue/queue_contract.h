// queue/queue_contract.h
// What a queue promises of messages, whatever database they lie in; dead_letters_contract.h has the
// rest.  Each database's test file adds itself as a parameter: see queue_test.cc.
#pragma once

#include "queue/queue_contract_fixture.h"

namespace ebb::queue {

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

TEST_P(QueueContract, DelayDoesNotCountTowardsTheMaximumAge) {
  model::Message message = Message("1");
  message.delay = 1h;
  message.max_age = 60s;
  Enqueue(message);
  clock_.Advance(1h + 60s);
  const Delivery first = TakeOne();
  EXPECT_EQ(first.message.delay, 1h);
  EXPECT_FALSE(queue_.Exhausted(first));
  clock_.Advance(1ms);
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

}  // namespace ebb::queue
