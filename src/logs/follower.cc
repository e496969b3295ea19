#include "logs/follower.h"

#include <utility>

#include "logs/line_format.h"

namespace ebb::logs {

namespace {

class QueueFollower : public LogStore::Follower {
 public:
  explicit QueueFollower(std::shared_ptr<FollowerQueue> queue) : queue_(std::move(queue)) {}
  Task<Result<std::vector<Line>>> Next(Deadline deadline) override {
    return queue_->Next(deadline);
  }

 private:
  std::shared_ptr<FollowerQueue> queue_;
};

}  // namespace

void FollowerQueue::Put(const std::string& account, const std::string& function, const Line& line) {
  if (account != filter_.account || function != filter_.function) return;
  if (!Matches(filter_, line)) return;
  if (lines_.size() >= max_lines_) {
    ++lost_;
    return;
  }
  lines_.push_back(line);
  arrived_.NotifyAll();
}

void FollowerQueue::Close() {
  closed_ = true;
  arrived_.NotifyAll();
}

Task<Result<std::vector<Line>>> FollowerQueue::Next(Deadline deadline) {
  while (lines_.empty() && !closed_) {
    const bool notified = co_await arrived_.Wait(deadline);
    if (!notified) break;
  }
  if (lines_.empty() && closed_) co_return Fail(Error::Unavailable("the server is stopping"));
  std::vector<Line> lines = std::exchange(lines_, {});
  if (const std::size_t lost = std::exchange(lost_, 0); lost > 0) {
    Line note = lines.back();
    note.message = "[ebb] " + std::to_string(lost) + " lines came too fast to follow";
    lines.push_back(std::move(note));
  }
  co_return lines;
}

std::unique_ptr<LogStore::Follower> MakeFollower(std::shared_ptr<FollowerQueue> queue) {
  return std::make_unique<QueueFollower>(std::move(queue));
}

}  // namespace ebb::logs
