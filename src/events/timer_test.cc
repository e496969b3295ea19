#include "events/timer.h"

#include <gtest/gtest.h>

#include "base/json.h"
#include "base/time_format.h"
#include "testkit/failing_database.h"
#include "testkit/fake_node.h"

namespace ebb::events {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

class TimerTest : public ::testing::Test {
 protected:
  TimerTest() {
    node_.Deploy("report");
    Begin();
  }

  void Begin() {
    disk_.emplace(*node_.database);
    timers_.emplace(node_.io, *disk_, *node_.catalog, *node_.queue, clock_, node_.random);
  }
  void Restart() {
    timers_.reset();
    node_.Restart();
    Begin();
  }

  std::shared_ptr<const model::Trigger> Add(std::string cron, bool enabled = true) {
    return node_.AddTrigger("report", "tick", model::TimerTrigger{std::move(cron), enabled, "p"});
  }

  // When the next tick is due, after everything that is due now was enqueued.
  std::optional<WallTime> TickDue() {
    auto next = node_.RunToEnd(timers_->TickDue());
    EXPECT_TRUE(next) << next.error().Describe();
    return next.value_or(std::nullopt);
  }

  // The triggerTime of every tick that is in the queue, taking them out.
  std::vector<std::string> TakeTicks() {
    auto taken = node_.RunToEnd(node_.queue->Take(100));
    EXPECT_TRUE(taken) << taken.error().Describe();
    std::vector<std::string> times;
    for (const queue::Delivery& delivery : *taken) {
      EXPECT_EQ(delivery.message.trigger, "tick");
      EXPECT_EQ(delivery.message.function, "report");
      const auto payload = json::ParseObject(delivery.message.payload);
      EXPECT_EQ(payload->at("triggerName"), "tick");
      EXPECT_EQ(payload->at("payload"), "p");
      times.emplace_back(payload->at("triggerTime").as_string());
      EXPECT_TRUE(node_.RunToEnd(node_.database->Write(
          [&](store::Transaction& tx) { return node_.queue->FinishIn(tx, delivery); })));
    }
    return times;
  }

  std::string In(Duration after) const { return base::FormatIso(start_ + after); }
  void Advance(Duration by) { clock_.Advance(by); }

  ManualClock clock_;
  const WallTime start_ = clock_.WallNow();
  testkit::FakeNode node_{clock_, {Tables()}};
  std::optional<testkit::FailingDatabase> disk_;  // What the timers write to.
  std::optional<TimerSource> timers_;
};

using Times = std::vector<std::string>;

TEST_F(TimerTest, TickIsEnqueuedWhenItIsDueAndNotBefore) {
  Add("@every 4m");
  EXPECT_EQ(TickDue(), start_ + minutes(4));
  Advance(minutes(4) - Millis(1));
  TickDue();
  EXPECT_EQ(TakeTicks(), Times());
  Advance(Millis(1));
  EXPECT_EQ(TickDue(), start_ + minutes(8));
  EXPECT_EQ(TakeTicks(), Times{In(minutes(4))});
}

TEST_F(TimerTest, NothingIsDueTwice) {
  Add("@every 4m");
  Advance(minutes(5));
  TickDue();
  TickDue();
  EXPECT_EQ(TakeTicks().size(), 1u);
}

TEST_F(TimerTest, TickThatCouldNotBeKeptIsStillDue) {
  Add("@every 4m");
  Advance(minutes(4));
  disk_->fail_next_writes = 1;
  EXPECT_FALSE(node_.RunToEnd(timers_->TickDue()));
  EXPECT_EQ(TakeTicks(), Times());
  EXPECT_EQ(TickDue(), start_ + minutes(8));
  EXPECT_EQ(TakeTicks(), Times{In(minutes(4))});
}

TEST_F(TimerTest, WhatWasMissedWhileTheServerWasDownIsOneTick) {
  Add("0 0 * * * *");  // Every hour.
  Advance(hours(1));
  TickDue();
  EXPECT_EQ(TakeTicks(), Times{In(hours(1))});
  Advance(minutes(30));
  Restart();
  Advance(hours(5));
  EXPECT_EQ(TickDue(), start_ + hours(7));
  EXPECT_EQ(TakeTicks(), Times{In(hours(2))});
}

TEST_F(TimerTest, FirstTickOutlivesARestartBeforeIt) {
  Add("@every 4m");
  TickDue();
  Advance(minutes(3));
  Restart();
  EXPECT_EQ(TickDue(), start_ + minutes(4));
}

TEST_F(TimerTest, RestartBetweenTicksChangesNothing) {
  Add("@every 4m");
  Advance(minutes(4));
  TickDue();
  Advance(minutes(1));
  Restart();
  EXPECT_EQ(TickDue(), start_ + minutes(8));
}

TEST_F(TimerTest, DisabledTriggerDoesNotTickAndEnablingStartsItAnew) {
  const auto trigger = Add("@every 4m", false);
  Advance(minutes(10));
  EXPECT_EQ(TickDue(), std::nullopt);
  model::Trigger enabled = *trigger;
  std::get<model::TimerTrigger>(enabled.source).enabled = true;
  ASSERT_TRUE(node_.RunToEnd(node_.catalog->UpdateTrigger(enabled, {})));
  EXPECT_EQ(TickDue(), start_ + minutes(14));
  EXPECT_EQ(TakeTicks(), Times());
}

TEST_F(TimerTest, ChangedScheduleCountsFromTheChange) {
  const auto trigger = Add("@every 1h");
  TickDue();
  Advance(minutes(10));
  model::Trigger changed = *trigger;
  std::get<model::TimerTrigger>(changed.source).cron = "@every 5m";
  ASSERT_TRUE(node_.RunToEnd(node_.catalog->UpdateTrigger(changed, {})));
  EXPECT_EQ(TickDue(), start_ + minutes(15));
}

TEST_F(TimerTest, DeletedTriggerLeavesNothing) {
  Add("@every 4m");
  Advance(minutes(4));
  TickDue();
  ASSERT_TRUE(
      node_.RunToEnd(node_.catalog->DeleteTrigger(node_.key.account, "report", "tick", {})));
  EXPECT_EQ(TickDue(), std::nullopt);
  auto rows = node_.RunToEnd(node_.database->Reading<std::vector<store::Row>>(
      [](store::Reader& reader) { return reader.Query("SELECT * FROM timer"); }));
  EXPECT_TRUE(rows->empty());
}

TEST_F(TimerTest, ScheduleWithoutEndTimesNeverComesDueAgain) {
  Add("0 0 0 30 2 *");  // 30 February.
  EXPECT_EQ(TickDue(), std::nullopt);
}

}  // namespace
}  // namespace ebb::events
