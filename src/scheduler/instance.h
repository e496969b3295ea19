// scheduler/instance.h
// One sandbox holding one version, with what it takes of the node's budget.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "model/function.h"
#include "sandbox/launcher.h"
#include "scheduler/budget.h"
#include "scheduler/roll.h"
#include "scheduler/scheduler.h"

namespace ebb::scheduler {

// Where an instance's output goes at the moment.  Shared with the sandbox, which was given its sink
// before there was an instance.
struct Output {
  sandbox::OutputSink sink;
};

struct Instance {
  std::string id;
  model::VersionKey key;
  int concurrency = 1;  // How many leases of it there may be at once; > 0.
  Mebibytes memory;
  std::optional<Reservation> reservation;  // Until its farewell: then its room is another's.
  std::shared_ptr<Output> output;
  std::unique_ptr<sandbox::Sandbox> sandbox;
  Birth birth;
  Presence presence;       // In the roll.
  int leases = 0;          // Out now, or handed to a waiter that has not taken it yet.
  bool loaded = false;     // User code is loaded: it can serve, and several calls at once.
  bool discarded = false;  // Must not be lent again.
  // It is to end, since its runtime was upgraded: lent only to who would not be served otherwise.
  bool leaving = false;
  bool frozen = false;     // See Freeze.
  int guests = 0;          // While there are some it is not frozen, and does not expire.
  TimePoint idle_since{};  // While idle.
  std::function<Task<void>(Lease)> farewell;  // Null if it has no last hook.

  // What it is worth to keep it, see IdlePool.
  int uses = 0;
  Duration start_cost{};  // How long it took to start it and to load its code.
  double priority = 0;    // While idle.

  std::optional<sandbox::HealthCheck> health;
  bool probing = false;   // It is being asked: that needs it thawed, as a lease does.
  int failed_probes = 0;  // In a row.
  TimePoint busy_since{};
  Duration used_before{};  // In use since it was last asked, before busy_since.

  // Each changes `frozen` if it could be done.
  Result<void> Freeze();
  Result<void> Thaw();  // OK if it is not frozen.

  const sandbox::Build* build() const { return sandbox->build().get(); }
  // Whether it may be lent once more.  Only the one who loads the code has it until that is done.
  bool has_place() const { return !discarded && leases < (loaded ? concurrency : 1); }
};

}  // namespace ebb::scheduler
