#include <utility>

#include "scheduler/state.h"

namespace ebb::scheduler {

Lease::Lease(std::shared_ptr<State> state, std::unique_ptr<Instance> instance, model::Start start,
             TimePoint asked)
    : state_(std::move(state)), instance_(std::move(instance)), start_(start), asked_(asked) {}

Lease::Lease(Lease&&) noexcept = default;

Lease& Lease::operator=(Lease&& other) noexcept {
  Lease old(std::move(*this));
  state_ = std::move(other.state_);
  instance_ = std::move(other.instance_);
  start_ = other.start_;
  asked_ = other.asked_;
  return *this;
}

Lease::~Lease() {
  if (instance_) state_->Return(std::move(instance_));
}

sandbox::Sandbox& Lease::sandbox() { return *instance_->sandbox; }
const std::string& Lease::instance_id() const { return instance_->id; }
model::Start Lease::start() const { return start_; }
model::ColdStart Lease::cold_start() const { return instance_->birth.SeenFrom(asked_); }
void Lease::SetOutput(sandbox::OutputSink sink) { instance_->output->sink = std::move(sink); }
void Lease::Discard() { instance_->discarded = true; }

}  // namespace ebb::scheduler
