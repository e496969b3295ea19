// invoke/shift.h
// One instance's time in use, from the begin of a call on an idle instance to the end of the last
// that overlaps it: what the calls of it have in common.
//
// FC bills the time of an instance once, from the first call's start to the last one's end, however
// many calls it serves meanwhile.  While n calls are under way each is charged an n-th of the time
// and of the CPU, so the shares of all add up to what the instance took, to the nanosecond.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "base/clock.h"
#include "invoke/door.h"

namespace ebb::invoke {

class Shift {
 public:
  // What one call is charged, or a point from which that is counted.
  struct Amount {
    Duration time{};
    Duration cpu{};
    friend Amount operator-(Amount a, Amount b) { return {a.time - b.time, a.cpu - b.cpu}; }
  };
  struct Charge {
    Amount share;
    Millis billed{};
  };

  // A call begins: what to hand to End.  `cpu` is what the instance has used since it was started.
  Amount Begin(TimePoint now, Duration cpu);
  // A call ends.  Each call's bill is such that those of all who have ended add up to their shares,
  // rounded up once.
  Charge End(Amount begun, TimePoint now, Duration cpu);
  // A call ends that nobody pays for.
  void Leave(TimePoint now, Duration cpu) { Settle(now, cpu, -1); }

  int calls() const { return calls_; }

 private:
  void Settle(TimePoint now, Duration cpu, int change);

  int calls_ = 0;
  TimePoint settled_at_{};
  Duration settled_cpu_{};
  Amount total_;  // Of a call that was there all the time.
  Amount left_;   // Not divisible among the calls so far: less than a nanosecond for each.
  Duration owed_{};
  Millis billed_{};
};

// The shifts under way.
class Shifts {
 public:
  // The one of `instance_id`; it ends with its last owner.
  std::shared_ptr<Shift> Join(const std::string& instance_id);

 private:
  std::map<std::string, std::weak_ptr<Shift>> shifts_;
  std::size_t tidied_ = 16;  // Its size when the ended ones were last removed, and not less.
};

// Where the output of an instance goes that may serve several calls at once: into the function's
// log, under no request, since nobody can tell whose it is.  Until it is destroyed.
sandbox::OutputSink MakeSharedSink(OutputLog& log, OutputLog::Source source);

}  // namespace ebb::invoke
