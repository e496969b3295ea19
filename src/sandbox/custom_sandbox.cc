#include "sandbox/custom_sandbox.h"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

#include "net/http_client.h"
#include "net/timing.h"
#include "sandbox/call_headers.h"
#include "sandbox/network_namespace.h"
#include "sandbox/orders.h"

namespace ebb::sandbox {
namespace {

constexpr std::size_t kMaxReplyBytes = std::size_t{32}
                                       << 20;  // FC's limit for a synchronous answer.
// How soon a port that does not answer is tried again: often at first, since it is waited for.
constexpr auto kFirstPause = std::chrono::milliseconds(1);
constexpr auto kLongestPause = std::chrono::milliseconds(25);
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
  auto begun = co_await Begin(deadline);
  if (!begun) co_return Fail(begun.error());
  auto ready = co_await WaitReady(deadline);
  if (!ready) co_return Fail(ready.error());
  started_.output->Drain();
  guard.Dismiss();
  co_return Result<void>();
}

// One byte over the channel lets the child exec.  It closes its status socket by doing so.
Task<Result<void>> CustomSandbox::Begin(Deadline deadline) {
  if (write(started_.channel.get(), "g", 1) != 1) {
    co_return Fail(co_await Autopsy(Error::System("write to the sandbox", errno)));
  }
  Descriptor status(io_, std::move(started_.status));
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
  Descriptor connecting(io_, std::move(*socket));
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
    pause = std::min<Duration>(pause * 2, kLongestPause);
  }
}

// A connection each: an instance is frozen between calls, and a program that closes its idle
// connections when it thaws would lose the next request.
Task<Result<net::Response>> CustomSandbox::Exchange(net::Request request, Deadline deadline) {
  auto stream = co_await Connect(deadline);
  if (!stream) co_return Fail(stream.error());
  auto connection = std::make_unique<net::HttpConnection>(std::move(*stream));
  auto response = co_await connection->Exchange(std::move(request), deadline);
  if (!response || !response->stream) co_return response;
  response->stream = std::make_unique<HeldBody>(std::move(connection), std::move(response->stream),
                                                started_.output);
  co_return response;
}

Task<Result<Reply>> CustomSandbox::Invoke(Call call, Deadline deadline) {
  KillGuard guard(*started_.processes);
  if (shared()) guard.Dismiss();
  net::Request request;
  request.method = "POST";
  request.target = request.path = "/invoke";
  request.headers = MakeCallHeaders(started_.spec, call);
  request.headers.Set("x-fc-control-path", "/invoke");
  request.headers.Set("Host", "127.0.0.1:" + std::to_string(started_.spec.port));
  request.body = net::MakeStringBody(std::move(call.payload));
  auto response = co_await Exchange(std::move(request), deadline);
  if (!response) co_return Fail(co_await Explain(response.error()));
  Reply reply;
  reply.ok = !SaysFailed(*response);
  if (!reply.ok) reply.error_type = "UnhandledInvocationError";
  reply.body = std::move(response->text);
  if (response->stream) {
    auto body = co_await net::ReadAll(*response->stream, kMaxReplyBytes);
    if (!body) co_return Fail(co_await Explain(body.error()));
    reply.body = std::move(*body);
  }
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
