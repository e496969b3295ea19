#include "sandbox/fake_launcher.h"

#include <utility>

#include "base/check.h"

namespace ebb::sandbox {

void FakeGate::Open() {
  closed_ = false;
  opened_.NotifyAll();
}

Task<bool> FakeGate::Pass(Deadline deadline) {
  // Lowered in a destructor, because a cancelled wait never returns here.
  struct Waiting {
    explicit Waiting(int& c) : count(c) { ++count; }
    ~Waiting() { --count; }
    int& count;
  };
  Waiting waiting(waiting_);
  while (closed_) {
    const bool notified = co_await opened_.Wait(deadline);
    if (!notified) co_return false;
  }
  co_return true;
}

FakeSandbox::FakeSandbox(FakeLauncher& launcher, Spec spec, OutputSink output)
    : launcher_(launcher), spec_(std::move(spec)), output_(std::move(output)) {
  report = launcher.report;
  build_ = launcher.build;
}

FakeSandbox::~FakeSandbox() { ++launcher_.kills; }

// After any error, and when cancelled, the sandbox is dead; unless it is shared by several calls.
template <typename T>
Task<Result<T>> FakeSandbox::Run(FakeGate& gate, Deadline deadline,
                                 std::function<Result<T>()> step) {
  EBB_CHECK(!frozen_, "a frozen sandbox cannot run anything");
  if (!alive_)
    co_return Fail(Error::FunctionFailed("the sandbox is dead").WithCode("ProcessExited"));
  const bool shared = spec_.concurrency > 1;
  if (!shared) alive_ = false;
  const bool in_time = co_await gate.Pass(deadline);
  if (!in_time) co_return Fail(Error::FunctionTimeout("the deadline passed"));
  if (died_) co_return Fail(Error::FunctionFailed("the process ended").WithCode("ProcessExited"));
  alive_ = true;
  Result<T> result = step();
  if (!result && !shared) alive_ = false;
  co_return result;
}

void FakeSandbox::Expect(const Call& first) { launcher_.expected.push_back(first); }

Task<Result<void>> FakeSandbox::Initialize(Deadline deadline) {
  ++launcher_.initializations;
  std::function<Result<void>()> step = [this] { return launcher_.on_initialize(*this); };
  co_return co_await Run<void>(launcher_.initialize_gate, deadline, std::move(step));
}

Task<Result<void>> FakeSandbox::RunHook(Hook hook, Deadline deadline) {
  launcher_.hooks_seen.push_back(hook);
  std::function<Result<void>()> step = [this, &hook] { return launcher_.on_hook(*this, hook); };
  auto done = co_await Run<void>(launcher_.hook_gate, deadline, std::move(step));
  if (!done) alive_ = false;
  co_return done;
}

Task<Result<void>> FakeSandbox::Probe() {
  EBB_CHECK(!frozen_, "a frozen sandbox cannot be asked anything");
  ++launcher_.probes;
  co_await launcher_.probe_gate.Pass(Deadline::Never());
  co_return launcher_.on_probe(*this);
}

Task<Result<Reply>> FakeSandbox::Invoke(Call call, Deadline deadline) {
  ++launcher_.calls;
  launcher_.calls_seen.push_back(call);
  std::function<Result<Reply>()> step = [this, &call] { return launcher_.on_invoke(*this, call); };
  co_return co_await Run<Reply>(launcher_.call_gate, deadline, std::move(step));
}

Task<Result<net::Response>> FakeSandbox::Proxy(net::Request request, Deadline deadline) {
  ++launcher_.calls;
  std::function<Result<net::Response>()> step = [this, &request] {
    return launcher_.on_proxy(*this, std::move(request));
  };
  co_return co_await Run<net::Response>(launcher_.call_gate, deadline, std::move(step));
}

Result<void> FakeSandbox::Freeze() {
  if (auto error = std::exchange(launcher_.fail_next_freeze, std::nullopt)) return Fail(*error);
  EBB_CHECK(!frozen_, "frozen twice");
  ++launcher_.freezes;
  frozen_ = true;
  return {};
}

Result<void> FakeSandbox::Thaw() {
  if (auto error = std::exchange(launcher_.fail_next_thaw, std::nullopt)) return Fail(*error);
  EBB_CHECK(frozen_, "thawed without being frozen");
  ++launcher_.thaws;
  frozen_ = false;
  return {};
}

FakeLauncher::FakeLauncher(asio::io_context& io)
    : on_initialize([](FakeSandbox&) { return Result<void>(); }),
      on_hook([](FakeSandbox&, const Hook&) { return Result<void>(); }),
      on_probe([](FakeSandbox&) { return Result<void>(); }),
      on_invoke([](FakeSandbox&, const Call& call) -> Result<Reply> {
        return Reply{.ok = true, .error_type = {}, .body = call.payload};
      }),
      on_proxy([](FakeSandbox&, net::Request) -> Result<net::Response> { return net::Response(); }),
      launch_gate(io),
      initialize_gate(io),
      hook_gate(io),
      probe_gate(io),
      call_gate(io),
      io_(io) {}

Task<Result<std::string>> FakeGuest::Read(From from, Deadline deadline) {
  bool in_time = true;
  while (in_time && pending_.empty() && !ended_) in_time = co_await changed_.Wait(deadline);
  if (!in_time) co_return Fail(Error::DeadlineExceeded("nothing written"));
  if (from == From::kErrors) co_return std::string();
  co_return std::exchange(pending_, {});
}

Task<Result<void>> FakeGuest::Write(std::string bytes) {
  pending_ += bytes;
  changed_.NotifyAll();
  co_return Result<void>();
}

void FakeGuest::EndInput() {
  ended_ = true;
  changed_.NotifyAll();
}

Task<Result<int>> FakeGuest::WaitEnd(Deadline deadline) {
  bool in_time = true;
  while (in_time && !ended_) in_time = co_await changed_.Wait(deadline);
  if (!in_time) co_return Fail(Error::DeadlineExceeded("not ended"));
  co_return code_;
}

Task<Result<std::unique_ptr<Guest>>> FakeLauncher::Enter(Sandbox& sandbox, GuestSpec spec,
                                                         Deadline) {
  EBB_CHECK(!static_cast<FakeSandbox&>(sandbox).frozen_, "nothing can enter a frozen sandbox");
  guest_specs.push_back(std::move(spec));
  co_return std::make_unique<FakeGuest>(io_, guests, guest_output, guest_code);
}

std::vector<RuntimeState> FakeLauncher::Runtimes() const {
  if (!build) return {};
  return {RuntimeState{.build = build, .other = {}, .why_not = {}}};
}

Task<Result<std::unique_ptr<Sandbox>>> FakeLauncher::Launch(Spec spec, OutputSink output,
                                                            Deadline deadline) {
  specs.push_back(spec);
  const bool in_time = co_await launch_gate.Pass(deadline);
  if (!in_time) co_return Fail(Error::DeadlineExceeded("the deadline passed"));
  if (auto error = std::exchange(fail_next, std::nullopt)) co_return Fail(*error);
  ++launches;
  co_return std::make_unique<FakeSandbox>(*this, std::move(spec), std::move(output));
}

}  // namespace ebb::sandbox
