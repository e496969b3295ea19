#include "invoke/shift.h"

#include <algorithm>
#include <utility>

namespace ebb::invoke {

namespace {

// What each of `calls` gets of `amount` and what was left before; what is left now.
Duration Divide(Duration amount, int calls, Duration& left) {
  const Duration whole = std::max(amount, Duration(0)) + left;
  left = whole % calls;
  return whole / calls;
}

// Tells the log that nothing more comes.
class SharedOutput {
 public:
  SharedOutput(OutputLog& log, OutputLog::Source source) : log_(log), source_(std::move(source)) {}
  ~SharedOutput() { log_.End(source_); }
  SharedOutput(const SharedOutput&) = delete;
  SharedOutput& operator=(const SharedOutput&) = delete;
  void Write(std::string_view bytes) { log_.Write(source_, bytes); }

 private:
  OutputLog& log_;
  const OutputLog::Source source_;
};

}  // namespace

// Of the last call nothing is left: one divides everything.
void Shift::Settle(TimePoint now, Duration cpu, int change) {
  if (calls_ > 0) {
    total_.time += Divide(now - settled_at_, calls_, left_.time);
    total_.cpu += Divide(cpu - settled_cpu_, calls_, left_.cpu);
  } else {
    owed_ = {};
    billed_ = {};
  }
  settled_at_ = now;
  settled_cpu_ = cpu;
  calls_ += change;
}

Shift::Amount Shift::Begin(TimePoint now, Duration cpu) {
  Settle(now, cpu, 1);
  return total_;
}

Shift::Charge Shift::End(Amount begun, TimePoint now, Duration cpu) {
  Settle(now, cpu, -1);
  Charge charge{.share = total_ - begun};
  owed_ += charge.share.time;
  charge.billed = BilledMillis(owed_) - billed_;
  billed_ += charge.billed;
  return charge;
}

std::shared_ptr<Shift> Shifts::Join(const std::string& instance_id) {
  if (auto found = shifts_.find(instance_id); found != shifts_.end()) {
    if (auto shift = found->second.lock()) return shift;
  }
  // Those that have ended, seldom enough not to matter: the map is at most twice as large as need
  // be.
  if (shifts_.size() >= 2 * tidied_) {
    std::erase_if(shifts_, [](const auto& entry) { return entry.second.expired(); });
    tidied_ = std::max<std::size_t>(shifts_.size(), 16);
  }
  auto shift = std::make_shared<Shift>();
  shifts_[instance_id] = shift;
  return shift;
}

sandbox::OutputSink MakeSharedSink(OutputLog& log, OutputLog::Source source) {
  source.request_id = "-";
  auto output = std::make_shared<SharedOutput>(log, std::move(source));
  return [output = std::move(output)](std::string_view bytes) { output->Write(bytes); };
}

}  // namespace ebb::invoke
