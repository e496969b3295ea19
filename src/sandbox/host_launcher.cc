#include "sandbox/host_launcher.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "net/timing.h"
#include "sandbox/builtin_sandbox.h"
#include "sandbox/custom_sandbox.h"
#include "sandbox/mounts.h"
#include "sandbox/network_namespace.h"

namespace ebb::sandbox {
namespace {

// The users of sandboxes on the host, one each.  systemd's table of ids (UIDS-GIDS.md) leaves these
// to nobody.  Used round and round: far more than can be alive.
constexpr std::uint32_t kFirstUid = 1'900'000'000;
constexpr std::uint32_t kUids = 100'000'000;

constexpr int kPrepareMillis = 30'000;                     // Start-up on a loaded machine.
constexpr auto kSendAgain = std::chrono::milliseconds(1);  // The helper is behind: rare.

// Descriptors of a Launch in the order of OrderDescriptor.
std::vector<int> Numbers(std::initializer_list<int> fixed, const std::vector<base::Fd>& joins) {
  std::vector<int> numbers(fixed);
  for (const base::Fd& join : joins) numbers.push_back(join.get());
  return numbers;
}

// What programs expect to find.  The user's own values win, but for the instance's id.
std::map<std::string, std::string> WithDefaults(std::map<std::string, std::string> environment,
                                                const std::string& id) {
  environment["FC_INSTANCE_ID"] = id;
  environment.try_emplace("PATH", "/opt/bin:/usr/local/bin:/usr/bin:/bin");
  environment.try_emplace("HOME", "/tmp");
  environment.try_emplace("LANG", "C.UTF-8");
  return environment;
}

// Programs get their command and environment as C strings.
Result<void> CheckStrings(const Spec& spec) {
  const auto has_nul = [](const std::string& s) { return s.find('\0') != std::string::npos; };
  for (const auto& [name, value] : spec.environment) {
    if (!has_nul(name) && !has_nul(value) && !name.empty() && !name.contains('=')) continue;
    return Fail(Error::FunctionFailed("the environment variable '" + name + "' cannot be set"));
  }
  if (std::ranges::any_of(spec.command, has_nul)) {
    return Fail(Error::FunctionFailed("the command holds a NUL"));
  }
  return {};
}

// What is left of the memory size for V8's heap: it does not know the limit by itself, and would
// sooner be killed than collect.  The rest is Node's own; 64 MiB was seen to be enough for it.
std::string NodeHeapFlag(Mebibytes memory) {
  const std::int64_t heap = std::max<std::int64_t>(memory.count() - 64, 64);
  return "--max-old-space-size=" + std::to_string(heap);
}

// What the spawner's child runs.  Empty for Python, which a zygote forks.
std::vector<std::string> CommandOf(const Spec& spec) {
  switch (spec.runtime) {
    case Runtime::kPython:
      return {};
    case Runtime::kNode:
      return {"/usr/bin/node", NodeHeapFlag(spec.memory), "/opt/ebb/node/shim.cjs"};
    case Runtime::kCustom:
      return spec.command.empty() ? std::vector<std::string>{"/code/bootstrap"} : spec.command;
  }
  return {};
}

// Fills in the counts and returns the text: arguments, then environment, NUL-terminated each.
std::string ProgramText(const Spec& spec, Order& order) {
  std::string text;
  const std::vector<std::string> command = CommandOf(spec);
  if (command.empty()) return text;
  for (const std::string& argument : command) text += argument + '\0';
  for (const auto& [name, value] : spec.environment) text += name + '=' + value + '\0';
  order.argument_count = static_cast<std::uint32_t>(command.size());
  order.environment_count = static_cast<std::uint32_t>(spec.environment.size());
  return text;
}

}  // namespace

struct HostLauncher::Sockets {
  SocketPair status;
  SocketPair channel;
  base::Fd output_ours;
  base::Fd output_theirs;

  static Result<Sockets> Make() {
    Sockets made;
    auto status = MakeSeqPacketPair();
    if (!status) return Fail(status.error());
    auto channel = MakeStreamPair();
    if (!channel) return Fail(channel.error());
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return Fail(Error::System("pipe", errno));
    made.status = std::move(*status);
    made.channel = std::move(*channel);
    made.output_ours = base::Fd(ends[0]);
    made.output_theirs = base::Fd(ends[1]);
    return made;
  }
};

HostLauncher::HostLauncher(asio::io_context& io, net::BlockingPool& pool, const Clock& clock,
                           Helpers helpers, Config config, std::unique_ptr<CgroupTree> cgroups)
    : io_(io),
      pool_(pool),
      clock_(clock),
      helpers_(std::move(helpers)),
      config_(std::move(config)),
      cgroups_(std::move(cgroups)),
      undertaker_(std::make_unique<Undertaker>()) {}

HostLauncher::~HostLauncher() {
  undertaker_.reset();       // Waits for the last sandboxes' ends.
  (void)cgroups_->Remove();  // What stays is removed by the next start.
}

Result<void> HostLauncher::Prepare() {
  auto status = MakeSeqPacketPair();
  if (!status) return Fail(status.error());
  const int fds[] = {status->theirs.get()};
  if (!SendOrder(helpers_.state->control.get(), Order{.kind = OrderKind::kPrepare},
                 config_.scratch.string(), fds)) {
    return Fail(Error::System("talk to the spawner", errno));
  }
  status->theirs.Reset();
  auto answer = WaitForAnswer(status->ours.get(), kPrepareMillis);
  if (!answer) return Fail(answer.error());
  if (answer->kind != StatusKind::kDone) return Fail(ToError(*answer));
  return StartZygote();
}

Result<void> HostLauncher::StartZygote() {
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
  auto answer = WaitForAnswer(status->ours.get(), kPrepareMillis);
  if (answer) return Fail(ToError(*answer));  // It could not be started.
  if (answer.error().code() != "Closed") return Fail(answer.error());
  return {};
}

Task<Result<std::unique_ptr<Sandbox>>> HostLauncher::Launch(Spec spec, OutputSink output,
                                                            Deadline deadline) {
  if (auto fit = CheckStrings(spec); !fit) co_return Fail(fit.error());
  spec.environment = WithDefaults(std::move(spec.environment), spec.id);
  auto started = co_await Start(std::move(spec), std::move(output), deadline);
  if (!started) co_return Fail(started.error());
  if (started->spec.runtime == Runtime::kCustom) {
    co_return std::make_unique<CustomSandbox>(io_, clock_, std::move(*started));
  }
  auto sandbox = std::make_unique<BuiltinSandbox>(io_, clock_, std::move(*started));
  auto booted = co_await sandbox->WaitBooted(deadline);
  if (!booted) co_return Fail(booted.error());
  co_return sandbox;
}

// Mounts, cgroups and a network namespace: 1 ms and more of system calls, so on the pool.
Task<Result<HostLauncher::Parts>> HostLauncher::MakeParts(const Spec& spec) {
  co_return co_await pool_.Run([this, &spec]() -> Result<Parts> {
    auto cgroup = cgroups_->Make(spec.id, {spec.cpu, spec.memory, spec.max_processes});
    if (!cgroup) return Fail(cgroup.error());
    auto network = MakeNetworkNamespace();
    // From here on the undertaker removes what was made, whatever fails.
    Parts parts;
    parts.processes = std::make_unique<ProcessTree>(io_, *undertaker_, std::move(*cgroup),
                                                    network ? std::move(*network) : base::Fd());
    if (!network) return Fail(network.error());
    auto code = MakeCodeMount(spec.code);
    if (!code) return Fail(code.error());
    auto tmp = MakeTmpMount(spec.disk);
    if (!tmp) return Fail(tmp.error());
    auto joins = parts.processes->cgroup().OpenJoins();
    if (!joins) return Fail(joins.error());
    parts.code = std::move(*code);
    parts.tmp = std::move(*tmp);
    parts.joins = std::move(*joins);
    return parts;
  });
}

Task<Result<Started>> HostLauncher::Start(Spec spec, OutputSink output, Deadline deadline) {
  auto parts = co_await MakeParts(spec);
  if (!parts) co_return Fail(parts.error());
  Started started;
  started.processes = std::move(parts->processes);
  if (config_.inside_door.port != 0) {
    auto listener = ListenInside(started.processes->network(), config_.inside_door.port);
    if (!listener) co_return Fail(listener.error());
    started.door = config_.inside_door.open(std::move(*listener));
  }
  auto sockets = Sockets::Make();
  if (!sockets) co_return Fail(sockets.error());
  parts->processes = std::move(started.processes);
  auto sent = co_await SendLaunch(spec, *parts, *sockets, deadline);
  started.processes = std::move(parts->processes);
  if (!sent) co_return Fail(sent.error());
  sockets->status.theirs.Reset();
  sockets->channel.theirs.Reset();
  sockets->output_theirs.Reset();

  auto confined = co_await WaitConfined(*started.processes, sockets->status.ours, deadline);
  if (!confined) co_return Fail(confined.error());
  started.spec = std::move(spec);
  started.output =
      std::make_shared<OutputPump>(io_, std::move(sockets->output_ours), std::move(output));
  started.channel = std::move(sockets->channel.ours);
  started.status = std::move(sockets->status.ours);
  co_return started;
}

Task<Result<void>> HostLauncher::SendLaunch(const Spec& spec, const Parts& parts,
                                            const Sockets& sockets, Deadline deadline) {
  Order order;
  order.begin = spec.runtime == Runtime::kCustom ? Begin::kOnGo : Begin::kAtOnce;
  order.uid = kFirstUid + next_uid_++ % kUids;
  order.join_count = static_cast<std::uint32_t>(parts.joins.size());
  strncpy(order.host_name, spec.id.c_str(), sizeof order.host_name - 1);
  const std::string text = ProgramText(spec, order);
  if (text.size() > kMaxOrderText) {
    co_return Fail(Error::FunctionFailed("the command and the environment are too long"));
  }
  const std::vector<int> fds = Numbers(
      {sockets.status.theirs.get(), sockets.channel.theirs.get(), sockets.output_theirs.get(),
       parts.processes->network().get(), parts.code.get(), parts.tmp.get()},
      parts.joins);
  while (true) {
    auto sent = TrySend(spec, order, text, fds);
    if (!sent) co_return Fail(sent.error());
    if (*sent) co_return Result<void>();
    co_await net::SleepFor(kSendAgain);
    if (deadline.passed(clock_.Now())) {
      co_return Fail(Error::DeadlineExceeded("the helpers are too busy to start a sandbox"));
    }
  }
}

// False: the helper's socket is full.
Result<bool> HostLauncher::TrySend(const Spec& spec, const Order& order, std::string_view text,
                                   std::span<const int> fds) {
  const bool python = spec.runtime == Runtime::kPython;
  const int helper = python ? zygote_.get() : helpers_.state->control.get();
  if (SendOrder(helper, order, text, fds)) return true;
  if (errno == EAGAIN) return false;
  if (!python) return Fail(Error::System("talk to the spawner", errno));
  // The zygote has ended.  Whoever did that, the next one is as good.
  if (auto again = StartZygote(); !again) return Fail(again.error());
  if (SendOrder(zygote_.get(), order, text, fds)) return true;
  return Fail(Error::System("talk to the Python zygote", errno));
}

Task<Result<void>> HostLauncher::WaitConfined(ProcessTree& processes, base::Fd& status,
                                              Deadline deadline) {
  base::Fd copy(fcntl(status.get(), F_DUPFD_CLOEXEC, 0));
  Descriptor answers(io_, std::move(copy));
  while (true) {
    const bool ready = co_await answers.WaitReadable(deadline);
    if (!ready) co_return Fail(Error::DeadlineExceeded("the sandbox was not ready in time"));
    auto answer = ReadAnswer(answers.get());
    if (!answer) co_return Fail(answer.error());
    switch (answer->kind) {
      case StatusKind::kForked:
        if (auto begun = processes.Begin(std::move(answer->pidfd)); !begun) {
          co_return Fail(begun.error());
        }
        break;
      case StatusKind::kConfined:
        co_return Result<void>();
      default:
        co_return Fail(ToError(*answer));
    }
  }
}

}  // namespace ebb::sandbox
