#include "api/fc/exec_session.h"

#include <boost/asio/this_coro.hpp>
#include <tuple>
#include <utility>

#include "base/json.h"

namespace ebb::api {
namespace {

// What a process that has ended wrote last is in a pipe already; but something that it left
// running may hold the pipe open for ever.
constexpr auto kLastOutput = std::chrono::milliseconds(500);
constexpr std::uint16_t kNormal = 1000;  // RFC 6455 7.4.1.

}  // namespace

ExecBill::~ExecBill() {
  record_.ran = clock_.Now() - began_;
  record_.billed = std::chrono::ceil<Millis>(record_.ran);
  keep_(std::move(record_));
}

ExecSession::ExecSession(asio::io_context& io, const Clock& clock, scheduler::Stay stay,
                         std::unique_ptr<ExecBill> bill)
    : clock_(clock), bill_(std::move(bill)), stay_(std::move(stay)), changed_(io), tasks_(io) {}

Task<void> ExecSession::Run(net::WebSocket& socket) {
  tasks_.Spawn("exec output", Forward(socket, From::kOutput));
  tasks_.Spawn("exec errors", Forward(socket, From::kErrors));
  tasks_.Spawn("exec input", Feed(socket));
  tasks_.Spawn("exec end", Watch());
  // The tasks use the socket, so they end before this does, also when this is cancelled: they wait
  // only for what they are cancelled in.
  co_await asio::this_coro::throw_if_cancelled(false);
  co_await WaitEnd();
  co_await asio::this_coro::reset_cancellation_state();
  if (!client_left_ && exit_code_) co_await TellEnd(socket);
  co_await tasks_.Stop();
  co_await asio::this_coro::throw_if_cancelled(true);
}

// Of the process and its output, or of the client's interest.
Task<void> ExecSession::WaitEnd() {
  while (!client_left_ && !exit_code_) {
    co_await changed_.Wait(Deadline::Never());
    const auto state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() != asio::cancellation_type::none) client_left_ = true;
  }
  const Deadline last(clock_.Now() + kLastOutput);
  while (!client_left_ && open_outputs_ > 0 && !last.passed(clock_.Now())) {
    co_await changed_.Wait(last);
  }
}

// The client may have gone meanwhile: then nobody wants to know.
Task<void> ExecSession::TellEnd(net::WebSocket& socket) {
  std::string reason;
  if (*exit_code_) {
    reason = json::serialize(json::object{{"exitCode", **exit_code_}});
  } else {
    std::ignore = co_await socket.Send(
        net::WebSocketMessage::Kind::kText,
        json::serialize(json::object{{"ErrorMessage", exit_code_->error().message()}}));
  }
  std::ignore = co_await socket.Close(kNormal, std::move(reason));
}

Task<void> ExecSession::Forward(net::WebSocket& socket, From from) {
  while (true) {
    auto bytes = co_await stay_.guest().Read(from, Deadline::Never());
    if (!bytes || bytes->empty()) break;
    bytes->insert(bytes->begin(), from == From::kOutput ? '\1' : '\2');
    auto sent = co_await socket.Send(net::WebSocketMessage::Kind::kBinary, std::move(*bytes));
    if (!sent) break;
  }
  --open_outputs_;
  changed_.NotifyAll();
}

Task<void> ExecSession::Feed(net::WebSocket& socket) {
  while (true) {
    auto message = co_await socket.Receive();
    if (!message || !*message) break;
    if ((*message)->bytes.empty()) {
      stay_.guest().EndInput();
      continue;
    }
    // A process that does not read any more has closed its input; that is its business.
    std::ignore = co_await stay_.guest().Write(std::move((*message)->bytes));
  }
  client_left_ = true;
  changed_.NotifyAll();
}

Task<void> ExecSession::Watch() {
  exit_code_ = co_await stay_.guest().WaitEnd(Deadline::Never());
  changed_.NotifyAll();
}

}  // namespace ebb::api
