#include "store/writer.h"

#include <pthread.h>

#include <algorithm>

namespace ebb::store {
namespace {

// The writes of one group, in one transaction unless the disk makes SQLite give up on the way: then
// those so far have failed and the rest go on in another.
class Group {
 public:
  Group(Connection& connection, std::vector<Pending<WriteJob>> writes)
      : connection_(connection), writes_(std::move(writes)), outcomes_(writes_.size()) {}

  void Run() {
    for (std::size_t i = 0; i < writes_.size(); ++i) RunOne(i);
    Commit();
    for (std::size_t i = 0; i < writes_.size(); ++i) {
      writes_[i].done(outcomes_[i].bug, std::move(outcomes_[i].result));
    }
  }

 private:
  struct Outcome {
    std::exception_ptr bug;
    Result<void> result;
  };

  void RunOne(std::size_t index);
  void RunJob(WriteJob& job, Outcome& outcome);
  Result<void> EndSavepoint(const Outcome& outcome);
  void Commit();
  void Break(std::size_t end, const Error& why);

  Connection& connection_;
  std::vector<Pending<WriteJob>> writes_;
  std::vector<Outcome> outcomes_;
  std::size_t first_ = 0;  // Of the transaction that is open.
};

void Group::RunOne(std::size_t index) {
  Outcome& outcome = outcomes_[index];
  if (!connection_.in_transaction()) {
    first_ = index;
    outcome.result = connection_.Control("BEGIN IMMEDIATE");
    if (!outcome.result) return connection_.Rollback();
  }
  if (auto set = connection_.Control("SAVEPOINT one"); !set) {
    outcome.result = set;
    return Break(index, set.error());
  }
  RunJob(writes_[index].job, outcome);
  if (!connection_.in_transaction()) {
    return Break(index + 1, outcome.result ? Error::Unavailable("the disk of the database failed")
                                           : outcome.result.error());
  }
  if (auto ended = EndSavepoint(outcome); !ended) Break(index + 1, ended.error());
}

void Group::RunJob(WriteJob& job, Outcome& outcome) {
  try {
    outcome.result = job(connection_);
  } catch (...) {
    outcome.bug = std::current_exception();
  }
}

Result<void> Group::EndSavepoint(const Outcome& outcome) {
  if (outcome.bug || !outcome.result) {
    if (auto undone = connection_.Control("ROLLBACK TO one"); !undone) return undone;
  }
  return connection_.Control("RELEASE one");
}

void Group::Commit() {
  if (!connection_.in_transaction()) return;
  if (auto committed = connection_.Control("COMMIT"); !committed) {
    Break(writes_.size(), committed.error());
  }
}

// The open transaction is lost: every write of it that had succeeded has failed after all.  Their
// jobs are not run again: what they captured may be spent.
void Group::Break(std::size_t end, const Error& why) {
  connection_.Rollback();
  for (std::size_t i = first_; i < end; ++i) {
    if (outcomes_[i].result && !outcomes_[i].bug) outcomes_[i].result = Fail(why);
  }
}

}  // namespace

Writer::Writer(std::unique_ptr<Connection> connection, int max_writes_per_commit)
    : connection_(std::move(connection)),
      max_writes_per_commit_(static_cast<std::size_t>(std::max(1, max_writes_per_commit))),
      thread_([this] { Run(); }) {}

Writer::~Writer() {
  queue_.Close();
  thread_.join();
}

void Writer::Run() {
  pthread_setname_np(pthread_self(), "ebb-db-write");
  for (;;) {
    auto writes = queue_.Pop(max_writes_per_commit_);
    if (writes.empty()) return;
    Group(*connection_, std::move(writes)).Run();
  }
}

}  // namespace ebb::store
