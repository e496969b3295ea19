#include "net/timing.h"

#include <gtest/gtest.h>

#include "net/task_group.h"
#include "testkit/run_task.h"

namespace ebb::net {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using testkit::RunToEnd;

TimePoint Now() { return std::chrono::steady_clock::now(); }

Task<void> WaitInto(Signal& signal, Deadline deadline, std::vector<bool>& results) {
  results.push_back(co_await signal.Wait(deadline));
}

Task<void> Stopped(TaskGroup& tasks) { co_await tasks.Stop(); }

TEST(TimingTest, SleepingReturnsAtThePointAndNotBefore) {
  asio::io_context io;
  const TimePoint until = Now() + milliseconds(5);
  RunToEnd(io, SleepUntil(until));
  EXPECT_GE(Now(), until);
}

TEST(SignalTest, NotifyAllWakesEveryoneWhoWaits) {
  std::vector<bool> results;
  asio::io_context io;
  Signal signal(io);
  TaskGroup tasks(io);
  for (int i = 0; i < 3; ++i) tasks.Spawn("wait", WaitInto(signal, Deadline::Never(), results));
  io.poll();
  EXPECT_TRUE(results.empty());
  signal.NotifyAll();
  io.restart();
  io.poll();
  EXPECT_EQ(results, std::vector<bool>({true, true, true}));
}

TEST(SignalTest, ANotificationBeforeTheWaitIsNotRemembered) {
  asio::io_context io;
  Signal signal(io);
  signal.NotifyAll();
  EXPECT_FALSE(RunToEnd(io, signal.Wait(Deadline(Now() + milliseconds(2)))));
}

TEST(SignalTest, ACancelledWaitLeavesNothingBehindInTheSignal) {
  std::vector<bool> results;
  asio::io_context io;
  Signal signal(io);
  TaskGroup tasks(io);
  tasks.Spawn("wait", WaitInto(signal, Deadline(Now() + hours(1)), results));
  io.poll();
  RunToEnd(io, Stopped(tasks));
  signal.NotifyAll();  // Would touch the frame that is gone.
  EXPECT_EQ(tasks.running(), 0u);
}

TEST(SignalTest, AWaiterSurvivesTheSignal) {
  std::vector<bool> results;
  asio::io_context io;
  TaskGroup tasks(io);
  {
    Signal signal(io);
    tasks.Spawn("wait", WaitInto(signal, Deadline::Never(), results));
    io.poll();
  }
  io.restart();
  io.poll();
  EXPECT_EQ(results, std::vector<bool>({false}));
}

}  // namespace
}  // namespace ebb::net
