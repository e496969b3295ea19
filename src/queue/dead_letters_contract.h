// queue/dead_letters_contract.h
// What a queue promises of dead letters, whatever database they lie in.
#pragma once

#include "queue/queue_contract_fixture.h"

namespace ebb::queue {

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
