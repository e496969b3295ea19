// scheduler/instance.h
// One sandbox holding one version, with what it takes of the node's budget.
#pragma once

#include <memory>
#include <string>

#include "base/clock.h"
#include "model/function.h"
#include "sandbox/launcher.h"
#include "scheduler/budget.h"
#include "scheduler/roll.h"

namespace ebb::scheduler {

// Where an instance's output goes at the moment.  Shared with the sandbox, which was given its sink
// before there was an instance.
struct Output {
  sandbox::OutputSink sink;
};

struct Instance {
  std::string id;
  model::VersionKey key;
  Reservation reservation;
  std::shared_ptr<Output> output;
  std::unique_ptr<sandbox::Sandbox> sandbox;
  Birth birth;
  Presence presence;         // In the roll.
  bool lent_before = false;  // User code has run in it.
  bool discarded = false;    // Must not serve again.
  TimePoint idle_since{};    // While idle.
};

}  // namespace ebb::scheduler
