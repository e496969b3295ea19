#include "sandbox/helper_link.h"

#include <cerrno>

#include "base/log.h"
#include "net/descriptor.h"
#include "net/timing.h"

namespace ebb::sandbox {
namespace {

constexpr int kPrepareMillis = 30'000;                     // Start-up on a loaded machine.
constexpr auto kSendAgain = std::chrono::milliseconds(1);  // The helper is behind: rare.

}  // namespace

HelperLink::HelperLink(const Clock& clock, Helpers helpers)
    : clock_(clock), helpers_(std::move(helpers)) {}

Result<void> HelperLink::Prepare(const base::Path& scratch, const std::string& name,
                                 const std::vector<base::Fd>& trees,
                                 const base::Fd* forwarding_debt) {
  auto status = MakeSeqPacketPair();
  if (!status) return Fail(status.error());
  std::vector<int> fds = {status->theirs.get()};
  for (const base::Fd& tree : trees) fds.push_back(tree.get());
  Order order{.kind = OrderKind::kPrepare};
  order.join_count = static_cast<std::uint32_t>(trees.size());
  if (forwarding_debt != nullptr) {
    order.forwarding_debts = 1;
    fds.push_back(forwarding_debt->get());
  }
  if (!SendOrder(helpers_.state->control.get(), order, scratch.string() + '\0' + name, fds)) {
    return Fail(Error::System("talk to the spawner", errno));
  }
  status->theirs.Reset();
  auto answer = WaitForAnswer(status->ours.get(), kPrepareMillis);
  if (!answer) return Fail(answer.error());
  if (answer->kind != StatusKind::kDone) return Fail(ToError(*answer));
  return StartZygote();
}

// It boots while the server goes on: orders wait in its socket.
Result<void> HelperLink::StartZygote() {
  auto status = MakeSeqPacketPair();
  if (!status) return Fail(status.error());
  auto control = MakeSeqPacketPair();
  if (!control) return Fail(control.error());
  const int fds[] = {status->theirs.get(), control->theirs.get()};
  if (!SendOrder(helpers_.state->control.get(), Order{.kind = OrderKind::kZygote}, {}, fds)) {
    return Fail(Error::System("talk to the spawner", errno));
  }
  status->theirs.Reset();
  control->theirs.Reset();
  zygote_ = std::move(control->ours);
  // It closes the status socket by becoming Python, and says something only if it cannot.
  auto answer = WaitForAnswer(status->ours.get(), kPrepareMillis);
  if (answer) return Fail(ToError(*answer));
  if (answer.error().code() != "Closed") return Fail(answer.error());
  return {};
}

Task<Result<void>> HelperLink::Send(Runtime runtime, Order order, std::string_view text,
                                    std::span<const int> fds, Deadline deadline) {
  while (true) {
    auto sent = TrySend(runtime, order, text, fds);
    if (!sent) co_return Fail(sent.error());
    if (*sent) co_return Result<void>();
    co_await net::SleepFor(kSendAgain);
    if (deadline.passed(clock_.Now())) {
      co_return Fail(Error::DeadlineExceeded("the helpers are too busy to start a sandbox"));
    }
  }
}

Task<Result<void>> HelperLink::SendTo(const base::Fd& zygote, Order order, std::string_view text,
                                      std::span<const int> fds, Deadline deadline) {
  while (!SendOrder(zygote.get(), order, text, fds)) {
    if (errno != EAGAIN) co_return Fail(Error::System("talk to the new Python zygote", errno));
    co_await net::SleepFor(kSendAgain);
    if (deadline.passed(clock_.Now())) {
      co_return Fail(Error::DeadlineExceeded("the new Python zygote is behind"));
    }
  }
  co_return Result<void>();
}

Task<Result<base::Fd>> HelperLink::StartAnotherZygote(asio::io_context& io, Deadline deadline) {
  auto status = MakeSeqPacketPair();
  if (!status) co_return Fail(status.error());
  auto control = MakeSeqPacketPair();
  if (!control) co_return Fail(control.error());
  const int fds[] = {status->theirs.get(), control->theirs.get()};
  auto sent = co_await Send(Runtime::kCustom, Order{.kind = OrderKind::kZygote}, {}, fds, deadline);
  if (!sent) co_return Fail(sent.error());
  status->theirs.Reset();
  control->theirs.Reset();
  net::Descriptor answers(io, std::move(status->ours));
  const bool ready = co_await answers.WaitReadable(deadline);
  if (!ready) co_return Fail(Error::DeadlineExceeded("the spawner is behind"));
  auto answer = ReadAnswer(answers.get());  // None but when it cannot become Python.
  if (answer) co_return Fail(ToError(*answer));
  if (answer.error().code() != "Closed") co_return Fail(answer.error());
  co_return std::move(control->ours);
}

Task<Result<void>> HelperLink::MountProc(asio::io_context& io, const base::Fd& pidfd,
                                         Deadline deadline) {
  auto status = MakeSeqPacketPair();
  if (!status) co_return Fail(status.error());
  const int fds[] = {status->theirs.get(), pidfd.get()};
  auto sent =
      co_await Send(Runtime::kCustom, Order{.kind = OrderKind::kMountProc}, {}, fds, deadline);
  if (!sent) co_return Fail(sent.error());
  status->theirs.Reset();
  net::Descriptor answers(io, std::move(status->ours));
  const bool ready = co_await answers.WaitReadable(deadline);
  if (!ready) co_return Fail(Error::DeadlineExceeded("the spawner is behind"));
  auto answer = ReadAnswer(answers.get());
  if (!answer) co_return Fail(answer.error());
  if (answer->kind != StatusKind::kExited) co_return Fail(ToError(*answer));
  co_return Result<void>();
}

// False: the helper's socket is full.
Result<bool> HelperLink::TrySend(Runtime runtime, const Order& order, std::string_view text,
                                 std::span<const int> fds) {
  const bool python = runtime == Runtime::kPython;
  const int helper = python ? zygote_.get() : helpers_.state->control.get();
  if (SendOrder(helper, order, text, fds)) return true;
  if (errno == EAGAIN) return false;
  if (!python) return Fail(Error::System("talk to the spawner", errno));
  log::Warn("the Python zygote has ended; starting another", {{"errno", errno}});
  if (auto again = StartZygote(); !again) return Fail(again.error());
  if (SendOrder(zygote_.get(), order, text, fds)) return true;
  return Fail(Error::System("talk to the Python zygote", errno));
}

}  // namespace ebb::sandbox
