#include "sandbox/host_launcher.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/log.h"
#include "sandbox/builtin_sandbox.h"
#include "sandbox/custom_sandbox.h"
#include "sandbox/mounts.h"
#include "sandbox/network_namespace.h"
#include "sandbox/program.h"

namespace ebb::sandbox {
namespace {

// The users of sandboxes on the host, one each.  systemd's table of ids (UIDS-GIDS.md) leaves these
// to nobody.  Used round and round: far more than can be alive.
constexpr std::uint32_t kFirstUid = 1'900'000'000;
constexpr std::uint32_t kUids = 100'000'000;

}  // namespace

struct HostLauncher::Sockets {
  SocketPair status;
  SocketPair channel;
  base::Fd output_ours;
  base::Fd output_theirs;

  static Result<Sockets> Make() {
    auto status = MakeSeqPacketPair();
    if (!status) return Fail(status.error());
    auto channel = MakeStreamPair();
    if (!channel) return Fail(channel.error());
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return Fail(Error::System("pipe", errno));
    return Sockets{std::move(*status), std::move(*channel), base::Fd(ends[0]), base::Fd(ends[1])};
  }
  // The child has them now; that ours are the last copies is how its end is noticed.
  void CloseTheirs() {
    status.theirs.Reset();
    channel.theirs.Reset();
    output_theirs.Reset();
  }
};

HostLauncher::HostLauncher(asio::io_context& io, net::BlockingPool& pool, const Clock& clock,
                           Helpers helpers, Config config, std::unique_ptr<CgroupTree> cgroups)
    : io_(io),
      pool_(pool),
      clock_(clock),
      config_(std::move(config)),
      helpers_(clock, std::move(helpers)),
      cgroups_(std::move(cgroups)),
      networks_(std::make_shared<NetworkStock>()),
      undertaker_(std::make_unique<Undertaker>()) {}

HostLauncher::~HostLauncher() {
  undertaker_.reset();                                // Waits for the last sandboxes' ends.
  if (auto removed = cgroups_->Remove(); !removed) {  // The next start tries again.
    log::Warn("sandboxes' cgroups stay", {{"error", removed.error()}});
  }
}

Result<void> HostLauncher::Prepare() {
  pool_.Post([networks = networks_] { networks->Refill(); });
  auto trees = cgroups_->OpenFolders();
  if (!trees) return Fail(trees.error());
  return helpers_.Prepare(config_.scratch, config_.cgroup_name, *trees);
}

Task<Result<std::unique_ptr<Sandbox>>> HostLauncher::Launch(Spec spec, OutputSink output,
                                                            Deadline deadline) {
  auto environment = MakeEnvironment(spec);
  if (!environment) co_return Fail(environment.error());
  spec.environment = std::move(*environment);
  auto started = co_await Start(std::move(spec), std::move(output), deadline);
  if (!started) co_return Fail(started.error());
  pool_.Post([networks = networks_] { networks->Refill(); });
  if (started->spec.runtime == Runtime::kCustom) {
    co_return std::make_unique<CustomSandbox>(io_, clock_, std::move(*started));
  }
  auto sandbox = std::make_unique<BuiltinSandbox>(io_, clock_, std::move(*started));
  auto booted = co_await sandbox->WaitBooted(deadline);
  if (!booted) co_return Fail(booted.error());
  co_return sandbox;
}

Task<Result<Started>> HostLauncher::Start(Spec spec, OutputSink output, Deadline deadline) {
  // Half a millisecond and more of system calls that may wait for locks: not on the loop.
  auto parts = co_await pool_.Run([this, &spec] { return MakeParts(spec); });
  if (!parts) co_return Fail(parts.error());
  auto door = OpenDoor(*parts->processes);
  if (!door) co_return Fail(door.error());
  auto sockets = Sockets::Make();
  if (!sockets) co_return Fail(sockets.error());
  auto sent = co_await SendLaunch(spec, *parts, *sockets, deadline);
  if (!sent) co_return Fail(sent.error());
  sockets->CloseTheirs();
  auto status = co_await WaitConfined(*parts->processes, std::move(sockets->status.ours), deadline);
  if (!status) co_return Fail(status.error());
  Started started;
  started.spec = std::move(spec);
  started.processes = std::move(parts->processes);
  started.output =
      std::make_shared<OutputPump>(io_, std::move(sockets->output_ours), std::move(output));
  started.door = std::move(*door);
  started.channel = std::move(sockets->channel.ours);
  started.status = std::move(*status);
  co_return started;
}

// On the pool.  What was made is removed by the undertaker, whatever fails after it.
Result<HostLauncher::Parts> HostLauncher::MakeParts(const Spec& spec) {
  auto cgroup = cgroups_->Make(spec.id, {spec.cpu, spec.memory, spec.max_processes});
  if (!cgroup) return Fail(cgroup.error());
  auto network = networks_->Take();
  Parts parts;
  parts.processes = std::make_unique<ProcessTree>(io_, *undertaker_, std::move(*cgroup),
                                                  network ? std::move(*network) : base::Fd());
  if (!network) return Fail(network.error());
  auto code = MakeCodeMount(spec.image ? spec.image->folder : spec.code);
  if (!code) return Fail(code.error());
  auto tmp = MakeTmpMount(spec.disk);
  if (!tmp) return Fail(tmp.error());
  auto layers = MakeLayersMount(spec.layers);
  if (!layers) return Fail(layers.error());
  auto joins = parts.processes->cgroup().OpenJoins();
  if (!joins) return Fail(joins.error());
  parts.code = std::move(*code);
  parts.tmp = std::move(*tmp);
  parts.layers = std::move(*layers);
  parts.joins = std::move(*joins);
  return parts;
}

Result<std::shared_ptr<void>> HostLauncher::OpenDoor(const ProcessTree& processes) {
  if (config_.inside_door.port == 0) return nullptr;
  auto listener = ListenInside(processes.network(), config_.inside_door.port);
  if (!listener) return Fail(listener.error());
  return config_.inside_door.open(std::move(*listener));
}

Task<Result<void>> HostLauncher::SendLaunch(const Spec& spec, const Parts& parts,
                                            const Sockets& sockets, Deadline deadline) {
  Order order;
  order.begin = spec.runtime == Runtime::kCustom ? Begin::kOnGo : Begin::kAtOnce;
  order.uid = kFirstUid + next_uid_++ % kUids;
  order.join_count = static_cast<std::uint32_t>(parts.joins.size());
  order.image = spec.image ? 1 : 0;
  order.layer_mounts = parts.layers.valid() ? 1 : 0;
  strncpy(order.host_name, spec.id.c_str(), sizeof order.host_name - 1);
  const auto text = MakeOrderText(spec, order);
  if (!text) co_return Fail(text.error());
  std::vector<int> fds(kFixedFds);
  fds[kStatusFd] = sockets.status.theirs.get();
  fds[kChannelFd] = sockets.channel.theirs.get();
  fds[kOutputFd] = sockets.output_theirs.get();
  fds[kNetworkFd] = parts.processes->network().get();
  fds[kCodeFd] = parts.code.get();
  fds[kTmpFd] = parts.tmp.get();
  for (const base::Fd& join : parts.joins) fds.push_back(join.get());
  if (parts.layers.valid()) fds.push_back(parts.layers.get());
  co_return co_await helpers_.Send(spec.runtime, order, *text, fds, deadline);
}

// The helper tells of the process and the process of its confinement, in either order.  Returns the
// status socket, on which a custom program's start is still to be told.
Task<Result<base::Fd>> HostLauncher::WaitConfined(ProcessTree& processes, base::Fd status,
                                                  Deadline deadline) {
  Descriptor answers(io_, std::move(status));
  bool forked = false;
  bool confined = false;
  while (!forked || !confined) {
    const bool ready = co_await answers.WaitReadable(deadline);
    if (!ready) co_return Fail(Error::DeadlineExceeded("the sandbox was not ready in time"));
    auto answer = ReadAnswer(answers.get());
    if (!answer) co_return Fail(answer.error());
    switch (answer->kind) {
      case StatusKind::kForked:
        if (auto begun = processes.Begin(std::move(answer->pidfd)); !begun) {
          co_return Fail(begun.error());
        }
        forked = true;
        break;
      case StatusKind::kConfined:
        confined = true;
        break;
      default:
        co_return Fail(ToError(*answer));
    }
  }
  co_return answers.Release();
}

}  // namespace ebb::sandbox
