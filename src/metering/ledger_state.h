// metering/ledger_state.h
// What the parts of Ledger share.  For metering/ only.
#pragma once

#include <memory>
#include <vector>

#include "metering/ledger.h"
#include "net/timing.h"

namespace ebb::metering {

struct Ledger::State {
  using Batch = std::shared_ptr<const std::vector<model::UsageRecord>>;

  State(store::Database& d, asio::io_context& io, Config c)
      : database(d), config(std::move(c)), ended(io) {}

  bool empty() const { return waiting.empty() && !next; }

  store::Database& database;
  const Config config;

  std::vector<model::UsageRecord> waiting;  // Appended, in no batch yet.
  Batch next;                               // Being written, or failed and to be written again.
  std::uint64_t appended = 0;               // Records so far …
  std::uint64_t durable = 0;                // … and how many of those are on disk.
  bool committing = false;                  // A write of `next` is under way.
  bool looping = false;                     // CommitUntilEmpty runs.
  net::Signal ended;                        // A write of `next` has ended, well or not.
};

}  // namespace ebb::metering
