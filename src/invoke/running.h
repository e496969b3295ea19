// invoke/running.h
// One attempt on one instance, from the first byte handed over to its end: what it prints and what
// it costs.
//
// Owns the lease.  Whatever way it ends, what ran is billed exactly once: End() says how, and a
// Running that is destroyed without End was left by its caller.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "invoke/door.h"
#include "invoke/fault.h"
#include "invoke/shift.h"

namespace ebb::invoke {

class Running {
 public:
  // What the usage record says besides the measured.
  struct Subject {
    std::shared_ptr<const model::Function> function;
    std::string request_id;
    std::string trigger;
    Mode mode = Mode::kSync;
    int attempt = 1;
  };

  Running(const Dependencies& dependencies, Subject subject, scheduler::Lease lease,
          Shifts& shifts);
  ~Running();
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

  // What the function is doing, in the words of FC's log lines.
  enum class Stage { kInitialize, kInvoke, kPreStop };
  void Begin(Stage stage);  // From now on it is billed.
  void Enter(Stage stage);  // The stage before it has ended.
  // Steps of a cold start's receipt.
  void OnInitialized();  // Or given up.
  void OnFirstByte();    // Of the answer.  Never called: there was none.

  // Ends the attempt and gives the instance back.  Once.
  model::UsageRecord End(model::Outcome outcome);
  void EndLate(model::Outcome outcome);  // The same, with nobody to hand the record to.
  void Abandon();                        // The platform failed: nothing is billed.
  void Discard() { lease_->Discard(); }  // The instance takes no more calls.
  void Loaded() { lease_->Loaded(); }    // See scheduler::Lease.
  void FailedToLoad(const Error& error) { lease_->FailedToLoad(error); }

  // What `error`, which is the function's doing, comes to; its log is told.  `load_timeout` is for
  // kLoad.
  Fault Blame(Phase phase, const Error& error, Duration load_timeout = {});

  void Print(std::string_view bytes);  // As if the function had.
  void Note(std::string_view line);    // Into the function's log, on a line of its own.
  Millis ran() const;                  // So far.
  std::int64_t peak_memory_bytes() { return lease_->sandbox().Measure().peak_memory_bytes; }

  sandbox::Sandbox& sandbox() { return lease_->sandbox(); }
  model::Start start() const { return lease_->start(); }
  const std::string& instance_id() const { return instance_id_; }
  std::string tail() const;  // The last 4 KiB printed; nothing where calls may overlap, as in FC.
  const Subject& subject() const { return subject_; }

 private:
  void NoteColdStart();
  void NoteStage(std::string_view what);
  void AddToTail(std::string_view bytes);
  // Whether other calls may be under way on the instance.
  bool shared() const { return subject_.function->config.instance_concurrency > 1; }

  const Dependencies& dependencies_;
  const Subject subject_;
  const std::string instance_id_;
  OutputLog::Source source_;
  std::string tail_;
  Stage stage_ = Stage::kInvoke;
  TimePoint began_{};
  TimePoint asked_{};  // When the function itself was.
  model::UsageRecord record_;
  std::shared_ptr<Shift> shift_;
  Shift::Amount begun_;
  std::optional<scheduler::Lease> lease_;  // Until the end.
};

}  // namespace ebb::invoke
