// testkit/failing_database.h
// A database whose next writes fail as they do when the disk is full: without any effect.
#pragma once

#include <utility>

#include "store/database.h"

namespace ebb::testkit {

class FailingDatabase : public store::Database {
 public:
  explicit FailingDatabase(store::Database& real) : real_(real) {}

  int fail_next_writes = 0;  // How many.
  int failed = 0;

  Task<Result<void>> Write(store::WriteJob job) override {
    if (TryFail()) co_return Fail(Full());
    co_return co_await real_.Write(std::move(job));
  }
  Task<Result<void>> Read(store::ReadJob job) override { return real_.Read(std::move(job)); }
  Result<void> WriteBlocking(store::WriteJob job) override {
    if (TryFail()) return Fail(Full());
    return real_.WriteBlocking(std::move(job));
  }
  Result<void> ReadBlocking(store::ReadJob job) override {
    return real_.ReadBlocking(std::move(job));
  }

 private:
  static Error Full() { return Error::Unavailable("the disk is full"); }
  bool TryFail() {
    if (fail_next_writes == 0) return false;
    --fail_next_writes;
    ++failed;
    return true;
  }

  store::Database& real_;
};

}  // namespace ebb::testkit
