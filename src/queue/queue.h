// queue/queue.h
// The durable list of invocations that nobody waits for: enqueue, take, finish, retry, dead
// letters.
//
// At least once: a message may run twice, never not at all.  Functions that take a Transaction& are
// one step of somebody's write and run on the writer's thread; see store/database.h.  All others
// live on one io_context.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/random.h"
#include "model/message.h"
#include "net/task.h"
#include "net/timing.h"
#include "store/database.h"

namespace ebb::queue {

// What happened to an Enqueue.  A repeated key is no error: sources may retry freely.
enum class Enqueued { kNew, kDuplicate };

// A message handed out, held by whoever took it until `hold_until`.
struct Delivery {
  std::int64_t id = 0;
  int attempt = 1;  // This is the attempt-th try; a return for lack of capacity does not count.
  // Tries made before it was redriven: in `attempt`, so that every try of a request id has a number
  // of its own in the ledger, but not counted against its retries.
  int earlier_attempts = 0;
  std::uint64_t hold = 0;  // Fencing token: a message taken again by somebody else has another.
  model::Message message;
};

struct DeadLetter {
  std::int64_t id = 0;
  model::Message message;  // From ListDead without its payload.
  std::int64_t payload_bytes = 0;
  int attempts = 0;
  std::string reason;  // What the last attempt said, for people.
  WallTime died;
};

struct Config {
  // Changes behaviour.
  Duration dedupe_window = std::chrono::hours(24);   // A key is remembered for this long.
  Duration first_backoff = std::chrono::seconds(1);  // Doubles with each retry …
  Duration max_backoff = std::chrono::minutes(5);    // … up to this; jitter takes up to half off.
  // Nobody else gets a taken message for this long.  Consumers extend while they work.
  Duration hold = std::chrono::minutes(2);
};

// The tables.  Handed to store::OpenEmbedded.
store::Migration Tables();

class Queue {
 public:
  Queue(store::Database& database, const Clock& clock, Random& random, asio::io_context& io,
        Config config);

  // --- In.  Durable when the write that it is part of has returned.
  Result<Enqueued> EnqueueIn(store::Transaction& tx, const model::Message& message);
  Task<Result<Enqueued>> Enqueue(model::Message message);  // A write of its own.
  // After a write with EnqueueIn or RetryIn has returned: wakes consumers.  Forgotten, they find it
  // within a second.
  void NotifyEnqueued();

  // --- Out.
  // Once at the start of the only node: whoever held a message is gone.  Those tries do not count.
  Task<Result<void>> ReleaseHolds();

  // Up to `limit` due messages, oldest due first, held for Config::hold from now.  One whose hold
  // runs out is due again, with `attempt` one higher.
  Task<Result<std::vector<Delivery>>> Take(int limit);
  // Waits until something may be due or the deadline passes, whichever is first.
  Task<void> WaitForDue(Deadline deadline);
  // Prolongs the hold by Config::hold from now.  kConflict: the hold ran out and somebody else has
  // it.
  Task<Result<void>> Extend(const Delivery& delivery);

  // Each ends the delivery, in the transaction that keeps its usage record.  kConflict as Extend,
  // or its function was forgotten: nothing is changed.  The try was made all the same, so its
  // record should be kept.
  Result<void> FinishIn(store::Transaction& tx, const Delivery& delivery);
  Result<void> RetryIn(store::Transaction& tx, const Delivery& delivery, Duration wait);
  Result<void> BuryIn(store::Transaction& tx, const Delivery& delivery, const std::string& reason);
  // Gives the message back untried: due again after `wait`, the attempt is not counted.
  Task<Result<void>> Return(const Delivery& delivery, Duration wait);

  // How long to wait before the next try after `attempt` failures (from 1): exponential with
  // jitter.  Of a delivery: attempt - earlier_attempts.
  Duration Backoff(int attempt);
  // True when the message is too old, its delay not counted, or has used its retries after
  // `attempt` tries.
  bool Exhausted(const Delivery& delivery) const;

  // --- Looking.
  struct Depth {
    std::int64_t waiting = 0;  // Due or delayed.
    std::int64_t held = 0;
    std::int64_t dead = 0;
  };
  Task<Result<Depth>> Stats(std::string account, std::optional<std::string> function);

  // --- Dead letters, newest first.
  Task<Result<std::vector<DeadLetter>>> ListDead(std::string account,
                                                 std::optional<std::string> function, int limit,
                                                 std::optional<std::int64_t> before_id);
  Task<Result<DeadLetter>> GetDead(std::string account, std::int64_t id);  // kNotFound
  // Puts it back as a fresh message with the same request id: its age and its retries are counted
  // anew, its attempts go on.  One step.  kNotFound.
  Task<Result<void>> Redrive(std::string account, std::int64_t id);
  Task<Result<void>> DeleteDead(std::string account, std::int64_t id);  // kNotFound

  // Removes everything of a function that no longer exists: messages, also held ones, dead letters
  // and remembered keys.
  Result<void> ForgetFunctionIn(store::Transaction& tx, const std::string& account,
                                const std::string& function);

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace ebb::queue
