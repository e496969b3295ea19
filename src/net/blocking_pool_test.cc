#include "net/blocking_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <string>
#include <thread>

#include "net/task_group.h"
#include "net/timing.h"
#include "testkit/run_task.h"

namespace ebb::net {
namespace {

using testkit::RunToEnd;

Task<std::thread::id> ThreadAfter(BlockingPool& pool) {
  co_await pool.Run([] {});
  co_return std::this_thread::get_id();
}

Task<void> WaitFor(BlockingPool& pool, std::latch& begun, std::latch& release, bool& ended) {
  co_await pool.Run([&begun, &release, &ended] {
    begun.count_down();
    release.wait();
    ended = true;
  });
}

TEST(BlockingPoolTest, RunsOnAnotherThreadAndResumesOnTheLoop) {
  asio::io_context io;
  BlockingPool pool(2);
  const auto ran_on = RunToEnd(io, pool.Run([] { return std::this_thread::get_id(); }));
  EXPECT_NE(ran_on, std::this_thread::get_id());
  EXPECT_EQ(RunToEnd(io, ThreadAfter(pool)), std::this_thread::get_id());
}

TEST(BlockingPoolTest, ReturnsWhatCanOnlyBeMoved) {
  asio::io_context io;
  BlockingPool pool(1);
  auto made = RunToEnd(io, pool.Run([] { return std::make_unique<std::string>("x"); }));
  EXPECT_EQ(*made, "x");
}

TEST(BlockingPoolTest, WhatTheJobThrowsIsThrownToTheCaller) {
  asio::io_context io;
  BlockingPool pool(1);
  EXPECT_THROW(RunToEnd(io, pool.Run([] { throw std::runtime_error("no"); })), std::runtime_error);
}

TEST(BlockingPoolTest, CancellingReturnsOnlyWhenTheJobHasEnded) {
  asio::io_context io;
  std::latch begun(1);
  std::latch release(1);
  bool ended = false;
  BlockingPool pool(1);
  TaskGroup tasks(io);
  tasks.Spawn("job", WaitFor(pool, begun, release, ended));
  io.poll();
  begun.wait();
  io.restart();
  std::thread releaser([&release] { release.count_down(); });
  RunToEnd(io, tasks.Stop());
  EXPECT_TRUE(ended);
  releaser.join();
}

TEST(BlockingPoolTest, TheDestructorFinishesWhatWasHandedIn) {
  std::atomic<int> done = 0;
  {
    BlockingPool pool(1);
    for (int i = 0; i < 50; ++i) pool.Post([&done] { ++done; });
  }
  EXPECT_EQ(done, 50);
}

}  // namespace
}  // namespace ebb::net
