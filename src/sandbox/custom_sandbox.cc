#include "sandbox/custom_sandbox.h"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

#include "model/error_json.h"
#include "net/http_client.h"
#include "net/timing.h"
#include "sandbox/call_headers.h"
#include "sandbox/network_namespace.h"
#include "sandbox/orders.h"

namespace ebb::sandbox {
namespace {

constexpr std::size_t kMaxReplyBytes = std::size_t{32}
                                       << 20;  // FC's limit for a synchronous answer.
constexpr std::size_t kMaxHookReplyBytes = std::size_t{64} << 10;
constexpr std::size_t kShownOfHookReply = 1024;
// How long a program that closed its connection is given to be seen ending.
constexpr auto kLastMoments = std::chrono::milliseconds(100);

// The body of a response on a connection of its own.  At its end all output has reached the sink.
class HeldBody : public net::Body {
 public:
  HeldBody(std::unique_ptr<net::HttpConnection> connection, std::unique_ptr<net::Body> body,
           std::weak_ptr<OutputPump> output)
      : connection_(std::move(connection)), body_(std::move(body)), output_(std::move(output)) {}

  Task<Result<std::size_t>> Read(std::span<char> into) override {
    auto got = co_await body_->Read(into);
    if (got && *got == 0) {
      if (const auto output = output_.lock()) output->Drain();
    }
    co_return got;
  }
  std::optional<std::uint64_t> length() const override { return body_->length(); }

 private:
  std::unique_ptr<net::HttpConnection> connection_;
  std::unique_ptr<net::Body> body_;  // Goes before its connection.
  std::weak_ptr<OutputPump> output_;
};

Error BadResponse(const Error& cause) {
  return Error::FunctionFailed("the function's response is bad: " + cause.message())
      .WithCode("BadResponse");
}

bool SaysFailed(const net::Response& response) {
  if (const auto status = response.headers.Get("x-fc-status")) return *status != "200";
  return response.status >= 400;
}

}  // namespace

CustomSandbox::CustomSandbox(asio::io_context& io, const Clock& clock, Started started)
    : HostSandbox(io, clock, std::move(started)) {}

Task<Result<void>> CustomSandbox::Initialize(Deadline deadline) {
  KillGuard guard(*started_.processes);
  const TimePoint began = clock_.Now();
  auto begun = co_await Begin(deadline);
  if (!begun) co_return Fail(begun.error());
  auto ready = co_await WaitReady(deadline);
  if (!ready) co_return Fail(ready.error());
  if (started_.spec.health) {
    auto well = co_await BecomeWell(began, deadline);
    if (!well) co_return Fail(well.error());
  }
  started_.output->Drain();
  guard.Dismiss();
  co_return Result<void>();
}

// Counted from when the port answers: until then a program is starting, which `deadline` limits.
Task<Result<void>> CustomSandbox::BecomeWell(TimePoint began, Deadline deadline) {
  const HealthCheck& check = *started_.spec.health;
  int successes = 0;
  int failures = 0;
  TimePoint next = began + check.initial_delay;
  while (true) {
    co_await net::SleepUntil(deadline.Earlier(next).at());
    if (deadline.passed(clock_.Now())) {
      co_return Fail(co_await Autopsy(Error::DeadlineExceeded("the program did not become well")));
    }
    next = clock_.Now() + check.period;
    auto well = co_await Probe();
    if (!alive())
      co_return Fail(co_await Autopsy(well ? Error::Unavailable("it ended") : well.error()));
    successes = well ? successes + 1 : 0;
    failures = well ? 0 : failures + 1;
    if (successes >= check.success_threshold) co_return Result<void>();
    if (failures >= check.failure_threshold) {
      co_await Autopsy(well.error());  // What it had to say, and its end.
      co_return Fail(Error::FunctionFailed("Function instance health check failed on port " +
                                           std::to_string(started_.spec.port) + ": " +
                                           well.error().message())
                         .WithCode("FunctionNotStarted"));
    }
  }
}

Task<Result<void>> CustomSandbox::Probe() {
  const HealthCheck& check = *started_.spec.health;
  const Deadline deadline(clock_.Now() + check.timeout);
  auto response = co_await Exchange(RequestTo("GET", check.path, std::nullopt), deadline);
  if (!response) co_return Fail(response.error());
  if (response->status >= 200 && response->status < 400) co_return Result<void>();
  co_return Fail(Error::Unavailable("GET " + check.path + " was answered with status " +
                                    std::to_string(response->status)));
}

// One byte over the channel lets the child exec.  It closes its status socket by doing so.
Task<Result<void>> CustomSandbox::Begin(Deadline deadline) {
  if (write(started_.channel.get(), "g", 1) != 1) {
    co_return Fail(co_await Autopsy(Error::System("write to the sandbox", errno)));
  }
  net::Descriptor status(io_, std::move(started_.status));
  const bool decided = co_await status.WaitReadable(deadline);
  if (!decided) co_return Fail(co_await Autopsy(Error::DeadlineExceeded("exec")));
  const auto answer = ReadAnswer(status.get());
  if (!answer) co_return Result<void>();
  const Error why = Error::System("the command " + answer->step + " cannot be run", answer->error);
  co_return Fail(Error::FunctionFailed(why.message()));
}

Task<std::unique_ptr<net::Stream>> CustomSandbox::TryConnect(Deadline deadline) {
  auto socket = BeginConnectInside(started_.processes->network(), started_.spec.port);
  if (!socket) co_return nullptr;
  net::Descriptor connecting(io_, std::move(*socket));
  const bool decided = co_await connecting.WaitWritable(deadline);
  int error = 0;
  socklen_t size = sizeof error;
  getsockopt(connecting.get(), SOL_SOCKET, SO_ERROR, &error, &size);
  if (!decided || error != 0) co_return nullptr;
  co_return net::MakeStream(io_, connecting.Release());
}

Task<Result<std::unique_ptr<net::Stream>>> CustomSandbox::Connect(Deadline deadline) {
  Duration pause = kFirstPause;
  while (true) {
    auto stream = co_await TryConnect(deadline);
    if (stream) co_return stream;
    if (!alive()) co_return Fail(Error::Unavailable("the program ended"));
    if (deadline.passed(clock_.Now())) {
      co_return Fail(
          Error::DeadlineExceeded("nothing listens on port " + std::to_string(started_.spec.port)));
    }
    co_await net::SleepUntil(deadline.Earlier(clock_.Now() + pause).at());
    pause = std::min<Duration>(pause + pause / 4, kLongestPause);
  }
}

// A connection each: an instance is frozen between calls, and a program that closes its idle
// connections when it thaws would lose the next request.
Task<Result<net::Response>> CustomSandbox::Exchange(net::Request request, Deadline deadline) {
  auto stream = co_await Connect(deadline);
  if (!stream) co_return Fail(stream.error());
  auto connection = std::make_unique<net::HttpConnection>(std::move(*stream));
  auto response = co_await connection->Exchange(std::move(request), deadline);
  if (!response) co_return response;
  response->stream = std::make_unique<HeldBody>(std::move(connection), std::move(response->stream),
                                                started_.output);
  co_return response;
}

net::Request CustomSandbox::RequestTo(std::string method, std::string path,
                                      const std::optional<Call>& call) const {
  net::Request request;
  request.method = std::move(method);
  request.path = path.substr(0, path.find('?'));
  if (call) {
    request.headers = MakeCallHeaders(started_.spec, *call);
    request.headers.Set("x-fc-control-path", request.path);
  }
  request.target = std::move(path);
  request.headers.Set("Host", "127.0.0.1:" + std::to_string(started_.spec.port));
  request.body = net::MakeStringBody("");
  return request;
}

// 2xx is a success; FC tells 400 and 404 (failed) from 500 (start the instance again), but whoever
// calls next has a new instance started either way.
Task<Result<void>> CustomSandbox::RunHook(Hook hook, Deadline deadline) {
  KillGuard guard(*started_.processes);
  const bool begins = hook.kind == HookKind::kInitializer;
  const std::string path = begins ? "/initialize" : "/pre-stop";
  net::Request request = RequestTo(begins ? "POST" : "GET", path, hook.call);
  auto response = co_await Exchange(std::move(request), deadline);
  if (!response) co_return Fail(co_await Autopsy(response.error()));
  auto body = co_await net::ReadAll(*response->stream, kMaxHookReplyBytes);
  if (!body) co_return Fail(co_await Autopsy(body.error()));
  started_.output->Drain();
  if (response->status >= 200 && response->status < 300) {
    guard.Dismiss();
    co_return Result<void>();
  }
  std::string message = "the function answered " + path + " with status " +
                        std::to_string(response->status) + ": " +
                        body->substr(0, kShownOfHookReply);
  if (model::IsErrorJson(*body)) message = std::move(*body);
  co_return Fail(Error::FunctionFailed(std::move(message)).WithCode("HookFailed"));
}

Task<Result<Reply>> CustomSandbox::Invoke(Call call, Deadline deadline) {
  KillGuard guard(*started_.processes);
  if (shared()) guard.Dismiss();
  net::Request request = RequestTo("POST", "/invoke", call);
  request.body = net::MakeStringBody(std::move(call.payload));
  auto response = co_await Exchange(std::move(request), deadline);
  if (!response) co_return Fail(co_await Explain(response.error()));
  Reply reply;
  reply.ok = !SaysFailed(*response);
  if (!reply.ok) reply.error_type = "UnhandledInvocationError";
  auto body = co_await net::ReadAll(*response->stream, kMaxReplyBytes);
  if (!body) co_return Fail(co_await Explain(body.error()));
  reply.body = std::move(*body);
  started_.output->Drain();
  guard.Dismiss();
  co_return reply;
}

Task<Result<net::Response>> CustomSandbox::Proxy(net::Request request, Deadline deadline) {
  KillGuard guard(*started_.processes);
  if (shared()) guard.Dismiss();
  auto response = co_await Exchange(std::move(request), deadline);
  if (!response) co_return Fail(co_await Explain(response.error()));
  started_.output->Drain();
  guard.Dismiss();
  co_return response;
}

// A connection cut short looks like bad HTTP, whether the program closed it or ended.  Its end is
// seen a moment after its sockets' end.
Task<Error> CustomSandbox::Explain(Error cause) {
  if (shared()) co_return co_await ExplainShared(std::move(cause));
  bool answered_badly = false;
  if (cause.kind() == ErrorKind::kInvalid) {
    co_await started_.processes->WaitEnd(Deadline(clock_.Now() + kLastMoments));
    answered_badly = alive();
  }
  Error why = co_await Autopsy(cause);
  if (!answered_badly || why.code() != "ProcessExited") co_return why;
  co_return BadResponse(cause);
}

Task<Error> CustomSandbox::ExplainShared(Error cause) {
  const bool in_time = cause.kind() != ErrorKind::kDeadline;
  if (in_time) co_await started_.processes->WaitEnd(Deadline(clock_.Now() + kLastMoments));
  if (!alive()) co_return co_await Autopsy(cause);
  started_.output->Drain();
  if (in_time) co_return BadResponse(cause);
  co_return Error::FunctionTimeout("the function did not answer in time")
      .WithCode("FunctionTimeoutError");
}

}  // namespace ebb::sandbox
