#include <utility>

#include "scheduler/state.h"

namespace ebb::scheduler {

Lease::Lease(std::shared_ptr<State> state, Instance& instance, TimePoint asked)
    : state_(std::move(state)),
      instance_(&instance),
      start_(instance.loaded ? model::Start::kWarm : model::Start::kCold),
      asked_(asked) {}

Lease::Lease(Lease&& other) noexcept
    : state_(std::move(other.state_)),
      instance_(std::exchange(other.instance_, nullptr)),
      start_(other.start_),
      asked_(other.asked_) {}

Lease& Lease::operator=(Lease&& other) noexcept {
  Lease old(std::move(*this));
  state_ = std::move(other.state_);
  instance_ = std::exchange(other.instance_, nullptr);
  start_ = other.start_;
  asked_ = other.asked_;
  return *this;
}

Lease::~Lease() {
  if (instance_ != nullptr) state_->Return(*instance_);
}

sandbox::Sandbox& Lease::sandbox() { return *instance_->sandbox; }
const std::string& Lease::instance_id() const { return instance_->id; }
model::Start Lease::start() const { return start_; }
model::ColdStart Lease::cold_start() const { return instance_->birth.SeenFrom(asked_); }
void Lease::Loaded() { state_->OnLoaded(*instance_); }
void Lease::FailedToLoad(const Error& error) { state_->OnLoadFailed(*instance_, error); }
void Lease::SetOutput(sandbox::OutputSink sink) {
  if (!instance_->output->sink) instance_->output->sink = std::move(sink);
}
void Lease::Discard() { instance_->discarded = true; }

}  // namespace ebb::scheduler
