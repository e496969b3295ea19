#include "invoke/running.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/json.h"

namespace ebb::invoke {

namespace {
constexpr std::size_t kTailBytes = 4096;  // FC's x-fc-log-result.
}

Running::Running(const Dependencies& dependencies, Subject subject, scheduler::Lease lease,
                 Shifts& shifts)
    : dependencies_(dependencies),
      subject_(std::move(subject)),
      instance_id_(lease.instance_id()),
      source_{.account = subject_.function->account,
              .function = subject_.function->config.name,
              .version = model::kLatest,
              .instance_id = instance_id_,
              .request_id = subject_.request_id},
      shift_(shifts.Join(instance_id_)),
      lease_(std::move(lease)) {
  if (shared()) {
    lease_->SetOutput(MakeSharedSink(dependencies_.log, source_));
  } else {
    lease_->SetOutput([this](std::string_view bytes) { Print(bytes); });
  }
}

Running::~Running() {
  if (!lease_) return;
  // The caller left.  What an instance does without one, nobody may pay for: it must not go on, if
  // it does nothing else.  Asynchronous attempts are broken off only by the platform itself, when
  // it stops; they run again under the same number, and are billed then.
  if (subject_.mode == Mode::kSync) {
    if (!shared()) lease_->Discard();
    EndLate(model::Outcome::kCancelled);
  } else {
    Abandon();
  }
}

void Running::Begin(Stage stage) {
  stage_ = stage;
  const model::FunctionConfig& config = subject_.function->config;
  record_.request_id = subject_.request_id;
  record_.attempt = subject_.attempt;
  record_.account = subject_.function->account;
  record_.function = config.name;
  record_.version = model::kLatest;
  record_.trigger = subject_.trigger;
  record_.start = lease_->start();
  record_.cpu = config.cpu;
  record_.memory = config.memory;
  record_.disk = config.disk;
  if (record_.start == model::Start::kCold) record_.cold_start = lease_->cold_start();

  if (shift_->calls() == 0) lease_->sandbox().ResetPeak();
  NoteStage("Start");
  record_.started = dependencies_.clock.WallNow();
  began_ = dependencies_.clock.Now();
  asked_ = began_;
  begun_ = shift_->Begin(began_, lease_->sandbox().Measure().cpu_time);
}

void Running::OnInitialized() {
  asked_ = dependencies_.clock.Now();
  if (record_.cold_start) record_.cold_start->init = asked_ - began_;
}

void Running::OnFirstByte() {
  if (record_.cold_start) record_.cold_start->first_byte = dependencies_.clock.Now() - asked_;
}

// One line a cold start, for people and for programs.
void Running::NoteColdStart() {
  if (!record_.cold_start) return;
  const model::ColdStart& cold = *record_.cold_start;
  json::object receipt{{"cause", ToString(cold.cause)}, {"path", ToString(cold.path)}};
  for (const auto& phase : model::kColdPhases) {
    const std::chrono::duration<double, std::milli> lasted = cold.*phase.duration;
    receipt[std::string(phase.name) + "Ms"] = lasted.count();
  }
  Note("FC Cold Start RequestId: " + subject_.request_id + " " + json::serialize(receipt));
}

void Running::Enter(Stage stage) {
  NoteStage("End");
  stage_ = stage;
  NoteStage("Start");
}

Millis Running::ran() const { return BilledMillis(dependencies_.clock.Now() - began_); }

model::UsageRecord Running::End(model::Outcome outcome) {
  const TimePoint now = dependencies_.clock.Now();
  const sandbox::Consumption used = lease_->sandbox().Measure();
  const Shift::Charge charge = shift_->End(begun_, now, used.cpu_time);
  record_.outcome = outcome;
  record_.ran = now - began_;
  record_.billed = charge.billed;
  record_.cpu_time = charge.share.cpu;
  record_.peak_memory_bytes = used.peak_memory_bytes;
  NoteColdStart();
  NoteStage("End");
  dependencies_.log.End(source_);
  dependencies_.metrics.AttemptEnded(record_);
  lease_.reset();
  return record_;
}

Fault Running::Blame(Phase phase, const Error& error, Duration load_timeout) {
  Fault fault = MakeFault(error, {.phase = phase,
                                  .function = subject_.function->config,
                                  .load_timeout = load_timeout,
                                  .ran = ran(),
                                  .peak_memory_bytes = peak_memory_bytes()});
  Note(fault.log_line);
  return fault;
}

void Running::EndLate(model::Outcome outcome) { dependencies_.late_usage(End(outcome)); }

void Running::Abandon() {
  NoteColdStart();
  shift_->Leave(dependencies_.clock.Now(), lease_->sandbox().Measure().cpu_time);
  dependencies_.log.End(source_);
  lease_->Discard();
  lease_.reset();
}

void Running::NoteStage(std::string_view what) {
  const char* const stage = stage_ == Stage::kInitialize ? "Initialize"
                            : stage_ == Stage::kInvoke   ? "Invoke"
                                                         : "PreStop";
  Note(fmt::format("FC {} {} RequestId: {}", stage, what, subject_.request_id));
}

void Running::Print(std::string_view bytes) {
  AddToTail(bytes);
  dependencies_.log.Write(source_, bytes);
}

void Running::Note(std::string_view line) {
  if (!tail_.empty() && !tail_.ends_with('\n')) AddToTail("\n");
  AddToTail(line);
  AddToTail("\n");
  dependencies_.log.Note(source_, line);
}

void Running::AddToTail(std::string_view bytes) {
  if (shared()) return;
  tail_.append(bytes);
  // Cut in big steps, so that a chatty function does not move 4 KiB for every few bytes.
  if (tail_.size() > 4 * kTailBytes) tail_.erase(0, tail_.size() - kTailBytes);
}

std::string Running::tail() const {
  return tail_.substr(tail_.size() - std::min(tail_.size(), kTailBytes));
}

}  // namespace ebb::invoke
