// metrics/metrics.h
// How it is going, in numbers: approximate, and lost when the server ends.  What attempts cost is
// metering's; what happened to one of them is in the logs.
//
// A module is given a Metrics& and tells it what happened.  The class itself does nothing, which is
// what tests want; MakePrometheus makes the one that counts.  Any thread.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "model/cold_start.h"
#include "model/usage.h"

namespace ebb::metrics {

class Metrics {
 public:
  virtual ~Metrics() = default;
  virtual void AttemptEnded(const model::UsageRecord&) {}
  // The function was not reached: no such function, a limit, trouble of the platform.
  virtual void AttemptRefused(ErrorKind) {}
  virtual void InstanceEnded(model::ColdCause) {}  // What became of it.
  // Everything in Prometheus' text format 0.0.4.
  virtual std::string Format() { return {}; }
};

Metrics& None();

// What is as it is, rather than counted: asked for by every Format.
struct Levels {
  int idle = 0;  // Instances.
  int busy = 0;
  int starting = 0;
  std::vector<std::pair<std::string, int>> prepared;  // Made ahead: what, how many.
  // Instances on older builds of their runtime than new ones: runtime, how many.
  std::vector<std::pair<std::string, int>> outdated;
};

// `levels` is called by Format, on its thread.
std::unique_ptr<Metrics> MakePrometheus(std::function<Levels()> levels);

}  // namespace ebb::metrics
