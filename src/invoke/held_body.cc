#include "invoke/held_body.h"

#include <utility>

namespace ebb::invoke {

namespace {

class HeldBody : public net::Body {
 public:
  HeldBody(std::unique_ptr<Running> running, std::unique_ptr<net::Body> body,
           model::Outcome outcome)
      : running_(std::move(running)), body_(std::move(body)), outcome_(outcome) {}

  Task<Result<std::size_t>> Read(std::span<char> into) override {
    Result<std::size_t> read = co_await body_->Read(into);
    if (!running_) co_return read;
    const auto cancellation = co_await asio::this_coro::cancellation_state;
    const bool left = cancellation.cancelled() != asio::cancellation_type::none;
    if (!read && !left) {
      Break(read.error());
    } else if (read && *read == 0) {
      running_->EndLate(outcome_);
      running_.reset();
    }
    co_return read;
  }

  std::optional<std::uint64_t> length() const override { return body_->length(); }

 private:
  // The head of the response has been sent long ago, so only the log and the record can tell.
  void Break(const Error& error) {
    const bool in_time =
        error.kind() != ErrorKind::kDeadline && error.kind() != ErrorKind::kFunctionTimeout;
    const Error fault = in_time ? Error::FunctionFailed(error.message()).WithCode("ProcessExited")
                                : Error::FunctionTimeout(error.message());
    Fault described = MakeFault(fault, {.phase = Phase::kInvoke,
                                        .function = running_->subject().function->config,
                                        .ran = running_->ran(),
                                        .peak_memory_bytes = running_->peak_memory_bytes()});
    running_->Note(described.log_line);
    running_->Discard();
    running_->EndLate(described.outcome);
    running_.reset();
  }

  // Destroyed in reverse order: the connection closes before the instance is given back.
  std::unique_ptr<Running> running_;  // Null once the attempt has ended.
  std::unique_ptr<net::Body> body_;
  const model::Outcome outcome_;
};

}  // namespace

std::unique_ptr<net::Body> HoldUntilRead(std::unique_ptr<Running> running,
                                         std::unique_ptr<net::Body> body, model::Outcome outcome) {
  return std::make_unique<HeldBody>(std::move(running), std::move(body), outcome);
}

}  // namespace ebb::invoke
