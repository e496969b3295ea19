// scheduler/roll.h
// Who is on this node: every instance and what it does, those that ended lately, and why the next
// one will have to be started.
//
// In memory: it begins anew with the server, as the instances do.  Lives on the scheduler's
// io_context.
#pragma once

#include <cstdint>
#include <deque>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/units.h"
#include "metrics/metrics.h"
#include "model/cold_start.h"
#include "model/function.h"
#include "sandbox/launcher.h"

namespace ebb::scheduler {

// How an instance came to be.
struct Birth {
  model::ColdStart cold{};  // Without what depends on who waited: queue, init, first byte.
  TimePoint began{};        // When the making of room for it began.

  void Report(const sandbox::StartReport& report);
  // For who asked at `asked`: how long he waited for the start to begin; and of the phases, what
  // was still to come.
  model::ColdStart SeenFrom(TimePoint asked) const;
};

enum class InstanceState { kIdle, kBusy, kEnded };
const char* ToString(InstanceState state);  // "idle", "busy", "ended".

struct Instance;

struct InstanceEntry {
  std::string id;
  model::VersionKey key;
  Mebibytes memory;
  Birth birth{};
  std::shared_ptr<const sandbox::Build> build{};  // Null: an image of its own.
  InstanceState state = InstanceState::kBusy;     // The first who waits takes it.
  WallTime created{};                             // Set by Enter.
  WallTime ended{};                               // Once it has.
  model::ColdCause ended_by = model::ColdCause::kCrash;
  Instance* instance = nullptr;  // For the scheduler only; null once it has ended.
};

class Roll;

// An instance's place in the roll: while this is there the instance is.  Movable.
class Presence {
 public:
  Presence(Presence&& other) noexcept;
  Presence& operator=(Presence&&) = delete;
  ~Presence();
  void Is(Instance& instance) { entry_->instance = &instance; }
  void Set(InstanceState state) { entry_->state = state; }
  bool idle() const { return entry_->state == InstanceState::kIdle; }
  // Why it will be missed.  Unless said, it could not serve any more: kCrash.
  void EndsBy(model::ColdCause cause) { entry_->ended_by = cause; }

 private:
  friend class Roll;
  Presence(Roll& roll, std::list<InstanceEntry>::iterator entry) : roll_(&roll), entry_(entry) {}
  Roll* roll_;  // Null when moved from.
  std::list<InstanceEntry>::iterator entry_;
};

// Outlives its presences.
class Roll {
 public:
  // Borrows both.
  Roll(const Clock& clock, metrics::Metrics& metrics) : clock_(clock), metrics_(metrics) {}

  Presence Enter(InstanceEntry entry);

  // Why an instance of `key` has to be started now.  Each instance that was lost is the reason of
  // one start; when none was lost, those that there are must be busy.
  model::ColdCause TakeCause(const model::VersionKey& key);
  void GiveBack(const model::VersionKey& key, model::ColdCause cause);  // That start failed.

  void Forget(const std::string& function_id);  // It was deleted.

  Instance* Find(const std::string& id) const;  // Null: it does not live.

  // Those that run on an older build of their runtime than new ones, oldest first.
  std::vector<Instance*> Outdated() const;

  // The living, oldest first, then the ended, latest first.  Empty: of every function.
  std::vector<InstanceEntry> List(const std::string& function_id) const;

 private:
  friend class Presence;
  struct Past {
    std::uint64_t revision;                // The latest that was started.
    std::vector<model::ColdCause> lost{};  // What became of instances that were not replaced.
  };
  void Leave(std::list<InstanceEntry>::iterator entry);
  void Miss(const model::VersionKey& key, model::ColdCause cause);

  const Clock& clock_;
  metrics::Metrics& metrics_;
  std::list<InstanceEntry> living_;
  std::deque<InstanceEntry> ended_;   // Latest first.
  std::map<std::string, Past> past_;  // By function id, of those that exist.
};

}  // namespace ebb::scheduler
