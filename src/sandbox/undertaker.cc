#include "sandbox/undertaker.h"

#include <poll.h>
#include <pthread.h>

#include "base/log.h"

namespace ebb::sandbox {
namespace {

constexpr int kPatienceMillis = 5000;  // Killed processes leave within milliseconds.

void BuryOne(Remains& remains) {
  if (remains.pidfd.valid()) {
    pollfd ended{remains.pidfd.get(), POLLIN, 0};
    if (poll(&ended, 1, kPatienceMillis) <= 0) log::Warn("a killed sandbox does not end");
  }
  if (!remains.cgroup) return;
  if (auto removed = remains.cgroup->Remove(); !removed) {
    log::Warn("a sandbox's cgroup stays", {{"error", removed.error()}});
  }
}

}  // namespace

Undertaker::Undertaker() : thread_([this] { Work(); }) {}

Undertaker::~Undertaker() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void Undertaker::Bury(Remains remains) {
  {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(std::move(remains));
  }
  changed_.notify_one();
}

void Undertaker::Work() {
  pthread_setname_np(pthread_self(), "ebb-undertaker");
  for (bool more = true; more;) {
    std::vector<Remains> batch;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
      batch.swap(waiting_);
      more = !stopping_ || !batch.empty();
    }
    for (Remains& remains : batch) BuryOne(remains);
  }
}

}  // namespace ebb::sandbox
