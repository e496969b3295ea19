// logs/follower.h
// Lines on their way to one who follows.
#pragma once

#include <memory>
#include <vector>

#include "logs/log_store.h"
#include "net/timing.h"

namespace ebb::logs {

// Shared by the follower, who takes, and the store, which puts as long as there is a follower.
class FollowerQueue {
 public:
  FollowerQueue(asio::io_context& io, LineFilter filter, std::size_t max_lines)
      : filter_(std::move(filter)), max_lines_(max_lines), arrived_(io) {}

  void Put(const std::string& account, const std::string& function, const Line& line);
  void Close();  // No more will come.
  Task<Result<std::vector<Line>>> Next(Deadline deadline);

 private:
  const LineFilter filter_;
  const std::size_t max_lines_;
  std::vector<Line> lines_;
  std::size_t lost_ = 0;
  bool closed_ = false;
  net::Signal arrived_;
};

std::unique_ptr<LogStore::Follower> MakeFollower(std::shared_ptr<FollowerQueue> queue);

}  // namespace ebb::logs
