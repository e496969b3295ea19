#include "invoke/held_body.h"

#include <algorithm>
#include <utility>

namespace ebb::invoke {

namespace {

class HeldBody : public net::Body {
 public:
  HeldBody(std::unique_ptr<Running> running, std::unique_ptr<net::Body> body,
           model::Outcome outcome)
      : running_(std::move(running)),
        body_(std::move(body)),
        left_(body_->length()),
        outcome_(outcome) {}

  Task<Result<std::size_t>> Read(std::span<char> into) override {
    Result<std::size_t> read = co_await body_->Read(into);
    if (left_ && read) *left_ -= std::min<std::uint64_t>(*left_, *read);
    // Who knows the length reads no further than that, so the end is asked for here: the body's own
    // owner has work to do then.
    if (left_ == 0 && read && *read > 0) co_await ReadEnd();
    if (!running_) co_return read;
    const auto cancellation = co_await asio::this_coro::cancellation_state;
    const bool left = cancellation.cancelled() != asio::cancellation_type::none;
    if (!read && !left) {
      Break(read.error());
    } else if (read && (*read == 0 || left_ == 0)) {
      running_->EndLate(outcome_);
      running_.reset();
    }
    co_return read;
  }

  std::optional<std::uint64_t> length() const override { return body_->length(); }

 private:
  // Does not wait: every byte has come already.
  Task<void> ReadEnd() {
    char none = 0;
    co_await body_->Read({&none, 1});
  }

  // The head of the response has been sent long ago, so only the log and the record can tell.
  void Break(const Error& error) {
    const bool in_time =
        error.kind() != ErrorKind::kDeadline && error.kind() != ErrorKind::kFunctionTimeout;
    const Error fault = in_time ? Error::FunctionFailed(error.message()).WithCode("ProcessExited")
                                : Error::FunctionTimeout(error.message());
    const Fault described = running_->Blame(Phase::kInvoke, fault);
    running_->Discard();
    running_->EndLate(described.outcome);
    running_.reset();
  }

  // Destroyed in reverse order: the connection closes before the instance is given back.
  std::unique_ptr<Running> running_;  // Null once the attempt has ended.
  std::unique_ptr<net::Body> body_;
  std::optional<std::uint64_t> left_;  // Bytes, where the length is known.
  const model::Outcome outcome_;
};

}  // namespace

std::unique_ptr<net::Body> HoldUntilRead(std::unique_ptr<Running> running,
                                         std::unique_ptr<net::Body> body, model::Outcome outcome) {
  return std::make_unique<HeldBody>(std::move(running), std::move(body), outcome);
}

}  // namespace ebb::invoke
