#include "net/task_group.h"

#include <gtest/gtest.h>

#include <optional>

#include "net/timing.h"
#include "testkit/run_task.h"

namespace ebb::net {
namespace {

using std::chrono::hours;
using testkit::RunToEnd;

class Counted {
 public:
  explicit Counted(int& count) : count_(count) { ++count_; }
  ~Counted() { --count_; }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;

 private:
  int& count_;
};

Task<void> SleepLong(int& alive) {
  const Counted counted(alive);
  co_await SleepFor(hours(1));
}

Task<void> Return(int& runs) {
  ++runs;
  co_return;
}

Task<void> Throw() {
  throw std::runtime_error("expected in this test");
  co_return;
}

Task<void> SpawnInto(TaskGroup& tasks, int& alive) {
  tasks.Spawn("inner", SleepLong(alive));
  co_return;
}

TEST(TaskGroupTest, StopCancelsTheRunningTasksAndWaitsForThem) {
  int alive = 0;
  asio::io_context io;
  TaskGroup tasks(io);
  tasks.Spawn("a", SleepLong(alive));
  tasks.Spawn("b", SleepLong(alive));
  io.poll();
  EXPECT_EQ(alive, 2);
  RunToEnd(io, tasks.Stop());
  EXPECT_EQ(alive, 0);
  EXPECT_EQ(tasks.running(), 0u);
}

TEST(TaskGroupTest, AStoppedGroupRefusesNewTasks) {
  int runs = 0;
  asio::io_context io;
  TaskGroup tasks(io);
  RunToEnd(io, tasks.Stop());
  tasks.Spawn("late", Return(runs));
  io.poll();
  EXPECT_EQ(runs, 0);
}

TEST(TaskGroupTest, TasksThatEndLeaveTheGroup) {
  int runs = 0;
  asio::io_context io;
  TaskGroup tasks(io);
  for (int i = 0; i < 100; ++i) tasks.Spawn("short", Return(runs));
  io.poll();
  EXPECT_EQ(runs, 100);
  EXPECT_EQ(tasks.running(), 0u);
}

TEST(TaskGroupTest, WhatEscapesATaskDoesNotReachTheLoop) {
  asio::io_context io;
  TaskGroup tasks(io);
  tasks.Spawn("throws", Throw());
  EXPECT_NO_THROW(io.poll());
  EXPECT_EQ(tasks.running(), 0u);
}

Task<void> DestroyGroup(std::optional<TaskGroup>& tasks) {
  tasks.reset();
  co_return;
}

TEST(TaskGroupTest, ATaskMayDestroyItsGroup) {
  asio::io_context io;
  std::optional<TaskGroup> tasks(std::in_place, io);
  tasks->Spawn("suicide", DestroyGroup(tasks));
  EXPECT_NO_THROW(io.poll());
  EXPECT_FALSE(tasks);
}

TEST(TaskGroupTest, AHandleCancelsItsTaskAloneAndOutlivesIt) {
  int alive = 0;
  asio::io_context io;
  TaskGroup tasks(io);
  const TaskGroup::Handle first = tasks.Spawn("a", SleepLong(alive));
  tasks.Spawn("b", SleepLong(alive));
  io.poll();
  first.Cancel();
  io.poll();
  EXPECT_EQ(alive, 1);
  first.Cancel();
  EXPECT_EQ(tasks.running(), 1u);
}

TEST(TaskGroupTest, CancellingTwiceFromOutsideTheLoopIsAsGoodAsOnce) {
  int alive = 0;
  asio::io_context io;
  std::optional<TaskGroup> tasks(std::in_place, io);
  const TaskGroup::Handle task = tasks->Spawn("a", SleepLong(alive));
  io.poll();
  task.Cancel();
  tasks.reset();
  task.Cancel();
  io.restart();
  io.poll();
  EXPECT_EQ(alive, 0);
}

TEST(TaskGroupTest, ATaskMaySpawnAnother) {
  int alive = 0;
  asio::io_context io;
  TaskGroup tasks(io);
  tasks.Spawn("outer", SpawnInto(tasks, alive));
  io.poll();
  EXPECT_EQ(alive, 1);
  RunToEnd(io, tasks.Stop());
  EXPECT_EQ(alive, 0);
}

TEST(TaskGroupTest, TheDestructorCancelsAndTheTasksEndOnTheLoop) {
  int alive = 0;
  asio::io_context io;
  std::optional<TaskGroup> tasks(std::in_place, io);
  tasks->Spawn("a", SleepLong(alive));
  io.poll();
  tasks.reset();
  io.restart();
  io.poll();
  EXPECT_EQ(alive, 0);
}

TEST(TaskGroupTest, FramesThatNeverRanAgainGoWithTheLoop) {
  int alive = 0;
  {
    asio::io_context io;
    TaskGroup tasks(io);
    tasks.Spawn("a", SleepLong(alive));
    io.poll();
  }
  EXPECT_EQ(alive, 0);
}

}  // namespace
}  // namespace ebb::net
