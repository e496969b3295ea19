#include "sandbox/polling_sandbox.h"

#include <fcntl.h>

#include <algorithm>
#include <string>
#include <utility>

#include "sandbox/call_headers.h"

namespace ebb::sandbox {
namespace {

// The values of x-fc-function-type.
constexpr const char* kTypeInvoke = "0";
constexpr const char* kTypeInitializer = "1";
constexpr const char* kTypePreStop = "2";

}  // namespace

PollingSandbox::PollingSandbox(asio::io_context& io, const Clock& clock, Started started)
    : CustomSandbox(io, clock, std::move(started)),
      door_(io, clock, std::move(started_.runtime_api)),
      end_(io, base::Fd(fcntl(started_.processes->pidfd().get(), F_DUPFD_CLOEXEC, 0))) {
  end_.OnReadable([this] { door_.OnProgramEnded(); });
}

Task<Result<void>> PollingSandbox::WaitReady(Deadline deadline) {
  if (end_.get() < 0) co_return Fail(Error::Unavailable("no descriptor is left for a pidfd"));
  const bool may_listen = started_.spec.runtime == Runtime::kCustom;
  Duration pause = kFirstPause;
  while (true) {
    if (door_.start_error()) {
      started_.output->Drain();
      co_return Fail(Error::FunctionFailed(*door_.start_error()));
    }
    polls_ = door_.polled();
    if (polls_) co_return Result<void>();
    if (may_listen) {
      const auto stream = co_await TryConnect(deadline);
      if (stream) co_return Result<void>();
    }
    if (!alive()) co_return Fail(co_await Autopsy(Error::Unavailable("the program ended")));
    if (deadline.passed(clock_.Now())) {
      co_return Fail(co_await Autopsy(Error::DeadlineExceeded("the program shows no sign")));
    }
    if (door_.polled() || door_.start_error()) continue;
    const Deadline look = may_listen ? deadline.Earlier(clock_.Now() + pause) : deadline;
    co_await door_.WaitChange(look);
    pause = std::min<Duration>(pause + pause / 4, kLongestPause);
  }
}

Event PollingSandbox::MakeEvent(const char* type, Call call, Deadline deadline) const {
  Event event;
  event.headers = MakeCallHeaders(started_.spec, call);
  event.headers.Set("x-fc-function-type", type);
  const auto left = deadline.at() - clock_.Now();
  event.headers.Set("x-fc-function-deadline",
                    std::to_string(ToUnixMillis(clock_.WallNow() + left)));
  event.id = std::move(call.request_id);
  event.body = std::move(call.payload);
  return event;
}

Task<Result<Reply>> PollingSandbox::Invoke(Call call, Deadline deadline) {
  if (!polls_) co_return co_await CustomSandbox::Invoke(std::move(call), deadline);
  KillGuard guard(*started_.processes);
  if (shared()) guard.Dismiss();
  auto reply = co_await door_.Ask(MakeEvent(kTypeInvoke, std::move(call), deadline), deadline);
  if (!reply) co_return Fail(co_await Explain(reply.error()));
  started_.output->Drain();
  guard.Dismiss();
  co_return reply;
}

Task<Result<void>> PollingSandbox::RunHook(Hook hook, Deadline deadline) {
  if (!polls_) co_return co_await CustomSandbox::RunHook(std::move(hook), deadline);
  KillGuard guard(*started_.processes);
  const char* const type = hook.kind == HookKind::kInitializer ? kTypeInitializer : kTypePreStop;
  auto reply = co_await door_.Ask(MakeEvent(type, std::move(hook.call), deadline), deadline);
  if (!reply) co_return Fail(co_await Autopsy(reply.error()));
  started_.output->Drain();
  if (!reply->ok) {
    co_return Fail(Error::FunctionFailed(std::move(reply->body)).WithCode("HookFailed"));
  }
  guard.Dismiss();
  co_return Result<void>();
}

Task<Result<void>> PollingSandbox::Probe() {
  if (polls_) co_return Result<void>();
  co_return co_await CustomSandbox::Probe();
}

Task<Result<net::Response>> PollingSandbox::Proxy(net::Request request, Deadline deadline) {
  if (!polls_) co_return co_await CustomSandbox::Proxy(std::move(request), deadline);
  co_return Fail(Error::FunctionFailed("the program asks for events at FC_RUNTIME_API and does "
                                       "not serve HTTP: for http triggers deploy it as go1")
                     .WithCode("BadResponse"));
}

}  // namespace ebb::sandbox
