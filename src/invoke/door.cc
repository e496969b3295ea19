#include "invoke/door.h"

#include <expected>
#include <utility>

#include "base/log.h"
#include "invoke/fault.h"
#include "invoke/held_body.h"
#include "invoke/initializer_command.h"
#include "invoke/running.h"
#include "invoke/version.h"

namespace ebb::invoke {

namespace {

using FunctionPtr = std::shared_ptr<const model::Function>;

// A cancelled operation may well return an ordinary error, so it has to be asked for.
enum class Caller { kWaits, kLeft };

Caller CallerBy(const asio::cancellation_state& state) {
  return state.cancelled() == asio::cancellation_type::none ? Caller::kWaits : Caller::kLeft;
}

// Whether anybody will read the body of `response`: nobody does where HTTP has none.
bool WillBeRead(const net::Response& response, bool head_only) {
  const bool may_have_one = !head_only && response.status != 204 && response.status != 304;
  return may_have_one && response.stream && response.stream->length() != 0;
}

// What those are told who waited for an instance that another call could not begin.
Error AsOthersMeetIt(const Error& error) {
  if (!IsFault(error) || error.kind() == ErrorKind::kFunctionFailed) return error;
  return Error::FunctionFailed("the function's instance did not begin in time")
      .WithCode("FunctionTimeoutError");
}

class ServingDoor : public Door {
 public:
  ServingDoor(Config config, Dependencies dependencies)
      : config_(std::move(config)), dependencies_(std::move(dependencies)) {}

  Task<Attempt> Invoke(Call call) override;

 private:
  Result<FunctionPtr> Admit(const Call& call) const;
  Task<Attempt> Run(Attempt attempt, std::unique_ptr<Running> running, Call call);
  Task<void> RunPreStop(FunctionPtr function, scheduler::Lease lease);
  Task<Attempt> Ask(Attempt attempt, std::unique_ptr<Running> running, sandbox::Call call);
  Task<Attempt> PassThrough(Attempt attempt, std::unique_ptr<Running> running, net::Request request,
                            sandbox::Call call);
  struct Broke {
    Phase phase;
    Error error;
  };
  Task<std::expected<void, Broke>> BeginInstance(Running& running);
  Task<Result<void>> RunInitializer(Running& running, Deadline deadline);
  sandbox::Call MakeCall(const model::Function& function, Call& call) const;
  sandbox::Hook MakeHook(sandbox::HookKind kind, const model::Function& function,
                         const std::string& request_id) const;
  Attempt NotStarted(Attempt attempt, const model::Function& function, const Error& error) const;
  Attempt Broken(Attempt attempt, Running& running, Phase phase, const Error& error,
                 Caller caller) const;
  Deadline In(Duration duration) const { return Deadline(dependencies_.clock.Now() + duration); }

  const Config config_;
  const Dependencies dependencies_;
  Shifts shifts_;
};

// Whether the call may run at all, and what: resolved anew at every attempt, so that a retry meets
// what is deployed by then.  No I/O.
Result<FunctionPtr> ServingDoor::Admit(const Call& call) const {
  const std::size_t limit =
      call.mode == Mode::kSync ? config_.max_sync_payload_bytes : config_.max_async_payload_bytes;
  if (call.payload.size() > limit) {
    return Fail(Error::Invalid("the payload of " + std::to_string(call.payload.size()) +
                               " bytes is over the limit of " + std::to_string(limit))
                    .WithCode("EntityTooLarge"));
  }
  auto function = dependencies_.snapshot()->FindFunction(call.account, call.function);
  if (!function) return function;
  if (!call.qualifier.empty() && call.qualifier != model::kLatest) {
    return Fail(Error::NotFound("version or alias '" + call.qualifier + "' of function '" +
                                call.function + "' does not exist.")
                    .WithCode("VersionNotFound"));
  }
  if (call.http && !model::ServesHttp((*function)->config.runtime)) {
    return Fail(Error::Internal("only custom runtimes take HTTP requests as they are"));
  }
  return function;
}

Task<Attempt> ServingDoor::Invoke(Call call) {
  if (call.request_id.empty()) {
    call.request_id = MakeRequestId(dependencies_.clock, dependencies_.random);
  }
  Attempt attempt;
  attempt.request_id = call.request_id;
  auto function = Admit(call);
  if (!function) {
    dependencies_.metrics.AttemptRefused(function.error().kind());
    attempt.outcome = Fail(function.error());
    co_return attempt;
  }
  attempt.version = model::kLatest;
  attempt.code_checksum = std::to_string((*function)->config.package_crc64);

  scheduler::Version version = MakeVersion(*function, config_, dependencies_);
  if (!(*function)->config.pre_stop.none()) {
    version.farewell = [this, function = *function](scheduler::Lease lease) {
      return RunPreStop(function, std::move(lease));
    };
  }
  const Deadline start_by = In(config_.launch_timeout);
  auto lease = co_await dependencies_.scheduler.Acquire(std::move(version), start_by);
  if (!lease) co_return NotStarted(std::move(attempt), **function, lease.error());
  attempt.instance_id = lease->instance_id();
  auto running = std::make_unique<Running>(dependencies_,
                                           Running::Subject{.function = std::move(*function),
                                                            .request_id = call.request_id,
                                                            .trigger = call.trigger,
                                                            .mode = call.mode,
                                                            .attempt = call.attempt},
                                           std::move(*lease), shifts_);
  co_return co_await Run(std::move(attempt), std::move(running), std::move(call));
}

Task<Attempt> ServingDoor::Run(Attempt attempt, std::unique_ptr<Running> running, Call call) {
  const bool cold = running->start() == model::Start::kCold;
  const bool has_initializer = !running->subject().function->config.initializer.none();
  sandbox::Call asked = MakeCall(*running->subject().function, call);
  running->Begin(cold && has_initializer ? Running::Stage::kInitialize : Running::Stage::kInvoke);
  if (cold) {
    if (!has_initializer && !call.http) running->sandbox().Expect(asked);
    auto begun = co_await BeginInstance(*running);
    const Caller caller = CallerBy(co_await asio::this_coro::cancellation_state);
    if (!begun) {
      const auto& [phase, error] = begun.error();
      if (caller == Caller::kWaits) running->FailedToLoad(AsOthersMeetIt(error));
      co_return Broken(std::move(attempt), *running, phase, error, caller);
    }
    running->Loaded();
    if (has_initializer) running->Enter(Running::Stage::kInvoke);
  }
  // The function's own timeout counts from here; loading its code had a limit of its own.
  if (call.http) {
    co_return co_await PassThrough(std::move(attempt), std::move(running), std::move(*call.http),
                                   std::move(asked));
  }
  co_return co_await Ask(std::move(attempt), std::move(running), std::move(asked));
}

// Loads the code and runs the initializer, if there is one.  Both are the first call's, and are
// billed with it: FC bills the time of hooks, and counts no call for them.
Task<std::expected<void, ServingDoor::Broke>> ServingDoor::BeginInstance(Running& running) {
  const Deadline ready_by = In(config_.init_timeout);
  auto loaded = co_await running.sandbox().Initialize(ready_by);
  running.OnInitialized();
  if (!loaded) co_return std::unexpected(Broke{Phase::kLoad, loaded.error()});
  const model::Function& function = *running.subject().function;
  if (function.config.initializer.none()) co_return std::expected<void, Broke>();
  const Deadline begun_by = In(function.config.initializer.timeout);
  auto initialized = co_await RunInitializer(running, begun_by);
  running.OnInitialized();
  if (!initialized) co_return std::unexpected(Broke{Phase::kInitializer, initialized.error()});
  co_return std::expected<void, Broke>();
}

Task<Result<void>> ServingDoor::RunInitializer(Running& running, Deadline deadline) {
  const model::Function& function = *running.subject().function;
  if (!function.config.initializer.command.empty()) {
    co_return co_await RunInitializerCommand(dependencies_.scheduler, running, deadline);
  }
  co_return co_await running.sandbox().RunHook(
      MakeHook(sandbox::HookKind::kInitializer, function, running.subject().request_id), deadline);
}

Task<Attempt> ServingDoor::Ask(Attempt attempt, std::unique_ptr<Running> running,
                               sandbox::Call call) {
  const model::Function& function = *running->subject().function;
  const Deadline deadline = In(function.config.timeout);
  auto reply = co_await running->sandbox().Invoke(std::move(call), deadline);
  const Caller caller = CallerBy(co_await asio::this_coro::cancellation_state);
  if (!reply) co_return Broken(std::move(attempt), *running, Phase::kInvoke, reply.error(), caller);
  running->OnFirstByte();

  if (!reply->ok && reply->error_type.empty()) reply->error_type = "UnhandledInvocationError";
  model::UsageRecord usage =
      running->End(reply->ok ? model::Outcome::kOk : model::Outcome::kFunctionError);
  attempt.log_tail = running->tail();
  attempt.outcome = std::move(*reply);
  if (caller == Caller::kLeft && running->subject().mode == Mode::kSync) {
    dependencies_.late_usage(std::move(usage));  // The caller has no next step to keep it in.
  } else {
    attempt.usage = std::move(usage);
  }
  co_return attempt;
}

Task<Attempt> ServingDoor::PassThrough(Attempt attempt, std::unique_ptr<Running> running,
                                       net::Request request, sandbox::Call call) {
  const model::Function& function = *running->subject().function;
  AddFunctionHeaders(request.headers, {.function = function, .config = config_, .call = call});
  const bool head_only = request.method == "HEAD";
  const Deadline deadline = In(function.config.timeout);
  auto response = co_await running->sandbox().Proxy(std::move(request), deadline);
  const Caller caller = CallerBy(co_await asio::this_coro::cancellation_state);
  if (!response)
    co_return Broken(std::move(attempt), *running, Phase::kInvoke, response.error(), caller);
  running->OnFirstByte();

  // FC's way for a web function to say that it failed, whatever its status is.
  const bool failed = response->headers.Get("x-fc-status") == "404";
  const auto outcome = failed ? model::Outcome::kFunctionError : model::Outcome::kOk;
  if (WillBeRead(*response, head_only)) {
    response->stream = HoldUntilRead(std::move(running), std::move(response->stream), outcome);
  } else {
    attempt.usage = running->End(outcome);
    attempt.log_tail = running->tail();
  }
  attempt.outcome = sandbox::Reply();
  attempt.http = std::move(*response);
  co_return attempt;
}

sandbox::Call ServingDoor::MakeCall(const model::Function& function, Call& call) const {
  sandbox::Call asked = MakeSandboxCall(function, call.request_id, dependencies_);
  asked.payload = std::move(call.payload);
  asked.retry_count = call.attempt - 1;
  return asked;
}

sandbox::Hook ServingDoor::MakeHook(sandbox::HookKind kind, const model::Function& function,
                                    const std::string& request_id) const {
  const bool begins = kind == sandbox::HookKind::kInitializer;
  return {.kind = kind,
          .handler = (begins ? function.config.initializer : function.config.pre_stop).handler,
          .call = MakeSandboxCall(function, request_id, dependencies_)};
}

// Nobody waits for it: what it does wrong is in the function's log and in the record's outcome.
Task<void> ServingDoor::RunPreStop(FunctionPtr function, scheduler::Lease lease) {
  const std::string request_id = MakeRequestId(dependencies_.clock, dependencies_.random);
  Running running(dependencies_,
                  Running::Subject{.function = function,
                                   .request_id = request_id,
                                   .trigger = "preStop",
                                   .mode = Mode::kSync,
                                   .attempt = model::kHookAttempt},
                  std::move(lease), shifts_);
  running.Begin(Running::Stage::kPreStop);
  const Deadline ended_by = In(function->config.pre_stop.timeout);
  auto done = co_await running.sandbox().RunHook(
      MakeHook(sandbox::HookKind::kPreStop, *function, request_id), ended_by);
  if (done) {
    running.EndLate(model::Outcome::kOk);
  } else if (IsFault(done.error())) {
    running.EndLate(running.Blame(Phase::kPreStop, done.error()).outcome);
  } else {
    log::Warn("preStop hook not run",
              {{"instance", running.instance_id()}, {"error", done.error()}});
    running.Abandon();
  }
}

// Nothing ran, so nothing is billed; still it may be the function that makes it impossible, such as
// an environment that no process can be given, or code that another call could not load.
Attempt ServingDoor::NotStarted(Attempt attempt, const model::Function& function,
                                const Error& error) const {
  dependencies_.metrics.AttemptRefused(error.kind());
  if (IsFunctionFault(error.kind())) {
    attempt.outcome = MakeFault(error, {.phase = Phase::kLoad,
                                        .function = function.config,
                                        .load_timeout = config_.init_timeout})
                          .reply;
  } else {
    attempt.outcome = Fail(error.With("acquire an instance"));
  }
  return attempt;
}

// The sandbox could not answer.  After that it is of no use any more, whoever is at fault; calls
// that share it go on for as long as they can.
Attempt ServingDoor::Broken(Attempt attempt, Running& running, Phase phase, const Error& error,
                            Caller caller) const {
  if (caller == Caller::kLeft) {  // That was why; Running's destructor bills what ran.
    attempt.outcome = Fail(Error::Cancelled("the caller left"));
    return attempt;
  }
  running.Discard();
  if (IsFault(error)) {
    Fault fault = running.Blame(phase, error, config_.init_timeout);
    attempt.usage = running.End(fault.outcome);
    attempt.outcome = std::move(fault.reply);
  } else {
    running.Abandon();
    dependencies_.metrics.AttemptRefused(error.kind());
    attempt.outcome =
        Fail(error.With(phase == Phase::kInvoke ? "ask the function" : "load the function's code"));
  }
  attempt.log_tail = running.tail();
  return attempt;
}

}  // namespace

std::unique_ptr<Door> MakeDoor(Config config, Dependencies dependencies) {
  return std::make_unique<ServingDoor>(std::move(config), std::move(dependencies));
}

}  // namespace ebb::invoke
