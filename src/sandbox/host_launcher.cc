#include "sandbox/host_launcher.h"

#include <cstring>

#include "base/log.h"
#include "sandbox/builtin_sandbox.h"
#include "sandbox/cgroup_file.h"
#include "sandbox/mounts.h"
#include "sandbox/network_namespace.h"
#include "sandbox/polling_sandbox.h"
#include "sandbox/program.h"

namespace ebb::sandbox {
namespace {

// The users of sandboxes on the host, one each.  systemd's table of ids (UIDS-GIDS.md) leaves these
// to nobody.  Used round and round: far more than can be alive.
constexpr std::uint32_t kFirstUid = 1'900'000'000;
constexpr std::uint32_t kUids = 100'000'000;

constexpr int kMostParts = 64;  // Guessed; each holds 0.3 MiB of the kernel's memory.
constexpr auto kLookAgain = std::chrono::seconds(1);
// Then what was taken loads its code and answers its first call, and the processors are its own.
constexpr auto kHeadStart = std::chrono::milliseconds(3);
constexpr auto kLoadTime = std::chrono::minutes(5);   // FC's for an initializer.
constexpr auto kBootTime = std::chrono::seconds(30);  // A machine that takes longer is in trouble.
constexpr const char* kNames = "names";               // Below scratch; see names.h.

// What failed then is nobody's fault and no news.
bool IsCancelled(const asio::cancellation_state& state) {
  return state.cancelled() != asio::cancellation_type::none;
}

}  // namespace

HostLauncher::HostLauncher(asio::io_context& io, net::BlockingPool& pool, const Clock& clock,
                           Helpers helpers, Config config, std::unique_ptr<CgroupTree> cgroups,
                           Outside outside)
    : io_(io),
      pool_(pool),
      clock_(clock),
      config_(std::move(config)),
      helpers_(clock, std::move(helpers)),
      cgroups_(std::move(cgroups)),
      undertaker_(std::make_unique<Undertaker>()),
      outside_(std::move(outside)),
      names_(config_.scratch / kNames),
      builds_(clock),
      parts_(io, pool, clock, *cgroups_, *undertaker_, outside_, kMostParts),
      stems_(clock, config_.prepared_memory, outside_.usual()),
      templates_(clock, config_.template_memory),
      taken_(io),
      none_launches_(io),
      keepers_(std::make_unique<net::TaskGroup>(io)) {}

HostLauncher::~HostLauncher() {
  templates_.Clear();
  stems_.Clear();
  parts_.Clear();
  undertaker_.reset();                                // Waits for the last sandboxes' ends.
  if (auto removed = cgroups_->Remove(); !removed) {  // The next start tries again.
    log::Warn("sandboxes' cgroups stay", {{"error", removed.error()}});
  }
}

Result<void> HostLauncher::Prepare() {
  auto made = base::MakeFolder(config_.scratch / kNoCode);
  if (!made) return made;
  auto trees = cgroups_->OpenFolders();
  if (!trees) return Fail(trees.error());
  const egress::Egress* egress = outside_.egress();
  const HostLook look = LookAtHost("/", {});  // Before anything is started from it.
  for (const auto& [runtime, marks] : look.marks) {
    if (!IsThere(marks)) continue;
    builds_.Use(runtime, builds_.Make(runtime, IdOf(marks), VersionOf("/", runtime)));
  }
  auto prepared = helpers_.Prepare(config_.scratch, config_.cgroup_name, *trees,
                                   egress != nullptr ? &egress->forwarding_debt() : nullptr);
  if (!prepared) return prepared;
  if (config_.look_at_host > Duration(0)) keepers_->Spawn("keep builds", KeepBuilds());
  if (config_.prepare_ahead) {
    keepers_->Spawn("keep parts", KeepParts());
    keepers_->Spawn("keep templates", KeepTemplates());
    keepers_->Spawn("keep bytecode", KeepBytecode());
    for (const Runtime runtime : {Runtime::kPython, Runtime::kNode}) {
      keepers_->Spawn("keep stems", KeepStems(runtime));
    }
  }
  return {};
}

std::vector<std::pair<std::string, int>> HostLauncher::prepared() const {
  return {{"parts", parts_.size()},
          {"python stems", stems_.count(Runtime::kPython)},
          {"node stems", stems_.count(Runtime::kNode)}};
}

Task<void> HostLauncher::Stop() {
  co_await keepers_->Stop();
  templates_.Clear();
  stems_.Clear();
  parts_.Clear();
}

// One launch that is under way.
class HostLauncher::UnderWay {
 public:
  explicit UnderWay(HostLauncher& launcher) : launcher_(launcher) { ++launcher_.launching_; }
  ~UnderWay() {
    if (--launcher_.launching_ == 0) launcher_.none_launches_.NotifyAll();
  }
  UnderWay(const UnderWay&) = delete;
  UnderWay& operator=(const UnderWay&) = delete;

 private:
  HostLauncher& launcher_;
};

Task<Result<std::unique_ptr<Sandbox>>> HostLauncher::Launch(Spec spec, OutputSink output,
                                                            Deadline deadline) {
  const UnderWay under_way(*this);
  auto environment = MakeEnvironment(spec);
  if (!environment) co_return Fail(environment.error());
  spec.environment = std::move(*environment);
  auto reach = outside_.Grant(spec.reach);
  if (!reach) co_return Fail(reach.error());
  spec.reach = *reach;
  if (spec.names) {
    auto checked = outside_.CheckNames(*spec.names, spec.reach);
    if (!checked) co_return Fail(checked.error());
    auto file = names_.FileOf(*spec.names);
    if (!file) co_return Fail(file.error());
    spec.resolv_conf = *std::move(file);
  }
  taken_.NotifyAll();
  if (deadline.passed(clock_.Now())) {
    co_return Fail(Error::DeadlineExceeded("no time is left to start a sandbox"));
  }
  if (auto instance = co_await FromTemplate(spec, output, deadline)) co_return instance;
  if (auto stem = stems_.Take(spec)) {
    auto adopted = stem->Adopt(spec, output);
    if (adopted) {
      stem->started().on_loaded = OnLoaded(spec);
      co_return stem;
    }
    log::Warn("a stem is of no use", {{"error", adopted.error()}});
  }
  if (IsProgram(spec.runtime)) {
    auto started = co_await Start(std::move(spec), Begin::kOnGo, std::move(output), deadline);
    if (!started) co_return Fail(started.error());
    co_return std::make_unique<PollingSandbox>(io_, clock_, std::move(*started));
  }
  const auto on_loaded = OnLoaded(spec);
  auto booted = co_await Boot(std::move(spec), Begin::kAtOnce, std::move(output), deadline);
  if (!booted) co_return Fail(booted.error());
  (*booted)->started().on_loaded = on_loaded;
  co_return std::move(*booted);
}

Task<std::unique_ptr<BuiltinSandbox>> HostLauncher::FromTemplate(const Spec& spec,
                                                                 OutputSink output,
                                                                 Deadline deadline) {
  const auto found = templates_.Find(spec.version);
  if (!found) co_return nullptr;
  const TimePoint began = clock_.Now();
  auto instance = templates_.TakeSpare(spec.version);
  const auto path = instance ? model::StartPath::kSpare : model::StartPath::kTemplate;
  if (!instance) {
    auto forked = co_await Fork(*found, deadline);
    if (!forked) {
      log::Warn("a template does not fork", {{"error", forked.error()}});
      templates_.CannotFork(spec.version, forked.error());
      co_return nullptr;
    }
    instance = std::move(*forked);
  }
  if (auto adopted = instance->Adopt(spec, std::move(output)); !adopted) {
    log::Warn("an instance of a template is of no use", {{"error", adopted.error()}});
    co_return nullptr;
  }
  instance->started().report = {.path = path, .sandbox = clock_.Now() - began};
  co_return instance;
}

Task<Result<std::unique_ptr<BuiltinSandbox>>> HostLauncher::Fork(Template& from,
                                                                 Deadline deadline) {
  const Spec& spec = from.spec();
  // An instance of a template has a namespace of its own making, which is connected when it is
  // there: what comes with the parts is for naught, but there at once.
  auto parts = co_await parts_.Take({spec.cpu, spec.memory, spec.max_processes}, spec.disk,
                                    outside_.usual());
  if (!parts) co_return Fail(parts.error());
  co_return co_await from.Fork(std::move(*parts), deadline);
}

LoadedSink HostLauncher::OnLoaded(const Spec& spec) {
  if (spec.runtime != Runtime::kPython || spec.version.empty()) return nullptr;
  if (!config_.prepare_ahead) return nullptr;
  return [this](const Spec& loaded, Duration cpu_time) {
    bytecode_.Loaded(loaded);
    if (loaded.may_be_forked && config_.template_memory > Mebibytes(0)) {
      templates_.Loaded(loaded, cpu_time);
    }
    taken_.NotifyAll();
  };
}

TemplateTools HostLauncher::Tools() {
  return {io_, clock_, helpers_,
          [this](const ProcessTree& processes) { return OpenDoor(processes); },
          [this](const base::Fd& network, Reach reach) {
            return outside_.ConnectOffLoop(network, reach);
          }};
}

Task<Result<std::unique_ptr<BuiltinSandbox>>> HostLauncher::Boot(Spec spec, Begin begin,
                                                                 OutputSink output,
                                                                 Deadline deadline,
                                                                 const Trial* trial) {
  auto started = co_await Start(std::move(spec), begin, std::move(output), deadline, trial);
  if (!started) co_return Fail(started.error());
  auto sandbox = std::make_unique<BuiltinSandbox>(io_, clock_, std::move(*started));
  auto booted = co_await sandbox->WaitBooted(deadline);
  if (!booted) co_return Fail(booted.error());
  co_return sandbox;
}

Task<Result<Started>> HostLauncher::Start(Spec spec, Begin begin, OutputSink output,
                                          Deadline deadline, const Trial* trial) {
  const TimePoint began = clock_.Now();
  auto parts =
      co_await parts_.Take({spec.cpu, spec.memory, spec.max_processes}, spec.disk, spec.reach);
  if (!parts) co_return Fail(parts.error());
  parts->uid = kFirstUid + next_uid_++ % kUids;
  auto door = OpenDoor(*parts->processes);
  if (!door) co_return Fail(door.error());
  auto sockets = Sockets::Make();
  if (!sockets) co_return Fail(sockets.error());
  // As it is before the order goes out: if it is replaced meanwhile the sandbox is taken for older
  // than it is, never for newer.
  std::shared_ptr<const Build> build = trial != nullptr ? trial->build : builds_.Of(spec);
  auto sent = co_await SendLaunch(spec, begin, *parts, *sockets, deadline, trial);
  if (!sent) co_return Fail(sent.error());
  sockets->CloseTheirs();
  // While the child confines itself: it begins no program before it is told to.
  base::Fd runtime_api;
  if (IsProgram(spec.runtime)) {
    auto listener = ListenInside(parts->processes->network(), kRuntimeApiPort);
    if (!listener) co_return Fail(listener.error());
    runtime_api = std::move(*listener);
  }
  auto status = co_await WaitConfined(*parts->processes, std::move(sockets->status.ours), deadline);
  if (!status) co_return Fail(status.error());
  Started started;
  started.report.path =
      spec.runtime == Runtime::kPython ? model::StartPath::kFork : model::StartPath::kExec;
  started.report.sandbox = clock_.Now() - began;
  started.uid = parts->uid;
  started.build = std::move(build);
  started.spec = std::move(spec);
  started.connection = std::move(parts->connection);
  started.processes = std::move(parts->processes);
  started.output =
      std::make_shared<OutputPump>(io_, std::move(sockets->output.ours), std::move(output));
  started.door = std::move(*door);
  started.runtime_api = std::move(runtime_api);
  if (begin != Begin::kAtOnce) started.tmp = std::move(parts->tmp);
  started.has_code = begin != Begin::kAsStem;
  if (begin == Begin::kAsTemplate) {
    auto copy = CopyOf(sockets->channel.ours);
    if (!copy) co_return Fail(copy.error());
    started.control = std::move(*copy);
  }
  started.channel = std::move(sockets->channel.ours);
  started.status = std::move(*status);
  co_return started;
}

Result<std::shared_ptr<void>> HostLauncher::OpenDoor(const ProcessTree& processes) {
  if (config_.inside_door.port == 0) return nullptr;
  auto listener = ListenInside(processes.network(), config_.inside_door.port);
  if (!listener) return Fail(listener.error());
  return config_.inside_door.open(std::move(*listener));
}

Task<Result<void>> HostLauncher::SendLaunch(const Spec& spec, Begin begin, const Parts& parts,
                                            const Sockets& sockets, Deadline deadline,
                                            const Trial* trial) {
  auto code = MakeCodeMount(spec.image ? spec.image->folder : spec.code);
  if (!code) co_return Fail(code.error());
  auto layers = MakeLayersMount(spec.layers);
  if (!layers) co_return Fail(layers.error());
  auto names = MakeNamesMount(spec.resolv_conf);
  if (!names) co_return Fail(names.error());
  Order order;
  order.begin = begin;
  order.uid = parts.uid;
  order.join_count = static_cast<std::uint32_t>(parts.joins.size());
  order.image = spec.image ? 1 : 0;
  if (spec.image && spec.image->uid != 0) {
    order.inside_uid = spec.image->uid;
    order.inside_gid = spec.image->gid;
  }
  order.layer_mounts = layers->valid() ? 1 : 0;
  order.names_mounts = names->valid() ? 1 : 0;
  strncpy(order.host_name, spec.id.c_str(), sizeof order.host_name - 1);
  const auto text = MakeOrderText(spec, order);
  if (!text) co_return Fail(text.error());
  std::vector<int> fds(kFixedFds);
  fds[kStatusFd] = sockets.status.theirs.get();
  fds[kChannelFd] = sockets.channel.theirs.get();
  fds[kOutputFd] = sockets.output.theirs.get();
  fds[kNetworkFd] = parts.processes->network().get();
  fds[kCodeFd] = code->get();
  fds[kTmpFd] = parts.tmp.get();
  for (const base::Fd& join : parts.joins) fds.push_back(join.get());
  if (layers->valid()) fds.push_back(layers->get());
  if (names->valid()) fds.push_back(names->get());
  if (trial != nullptr && trial->zygote.valid()) {
    co_return co_await helpers_.SendTo(trial->zygote, order, *text, fds, deadline);
  }
  co_return co_await helpers_.Send(spec.runtime, order, *text, fds, deadline);
}

// The helper tells of the process and the process of its confinement, in either order.  Returns the
// status socket, on which a custom program's start is still to be told.
Task<Result<base::Fd>> HostLauncher::WaitConfined(ProcessTree& processes, base::Fd status,
                                                  Deadline deadline) {
  net::Descriptor answers(io_, std::move(status));
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

Task<void> HostLauncher::WaitUntilTaken() {
  const bool taken = co_await taken_.Wait(Deadline(clock_.Now() + kLookAgain));
  if (!taken) co_return;
  co_await WaitUntilNoneLaunches();
  co_await net::SleepFor(kHeadStart);
}

// A stem costs more of the processors than a start without one: while somebody waits for a start,
// making stems would only make that later.
Task<void> HostLauncher::WaitUntilNoneLaunches() {
  while (launching_ > 0) co_await none_launches_.Wait(Deadline::Never());
}

Task<void> HostLauncher::KeepParts() {
  while (true) {
    bool possible = true;
    while (possible && !parts_.full()) possible = co_await parts_.AddOne();
    co_await WaitUntilTaken();
    parts_.Trim();
  }
}

Task<void> HostLauncher::KeepStems(Runtime runtime) {
  while (true) {
    while (co_await AddStem(runtime)) {
    }
    co_await WaitUntilTaken();
    stems_.Trim();
  }
}

Task<void> HostLauncher::KeepTemplates() {
  while (true) {
    while (auto wanted = templates_.Wanted()) co_await AddTemplate(std::move(*wanted));
    while (co_await AddSpare()) {
    }
    co_await WaitUntilTaken();
    templates_.Trim();
  }
}

Task<void> HostLauncher::KeepBytecode() {
  while (true) {
    while (auto package = bytecode_.Wanted()) {
      const std::string name = package->string();
      auto compiled = co_await Compile(std::move(*package));
      if (IsCancelled(co_await asio::this_coro::cancellation_state)) co_return;
      // Each instance compiles for itself then.
      if (!compiled) log::Warn("no bytecode", {{"package", name}, {"error", compiled.error()}});
    }
    co_await WaitUntilTaken();
  }
}

Task<Result<void>> HostLauncher::Compile(base::Path package) {
  const Deadline deadline(clock_.Now() + kLoadTime);
  Spec spec = MakeStemSpec({.reach = outside_.usual()}, package);
  auto sandbox = co_await Boot(std::move(spec), Begin::kAtOnce, [](auto) {}, deadline);
  if (!sandbox) co_return Fail(sandbox.error());
  auto begun = co_await (*sandbox)->Compile(deadline);
  if (!begun) co_return begun;
  while (true) {
    auto file = co_await (*sandbox)->NextBytecode();
    if (!file) co_return Fail(file.error());
    if (!*file) co_return Result<void>();
    auto saved = co_await pool_.Run([&] { return SaveBytecode(package, **file); });
    if (!saved) co_return saved;
  }
}

Task<void> HostLauncher::AddTemplate(Spec spec) {
  const std::string version = spec.version;
  auto made = co_await MakeTemplate(std::move(spec), Deadline(clock_.Now() + kLoadTime));
  if (IsCancelled(co_await asio::this_coro::cancellation_state)) co_return;
  if (made) {
    templates_.Put(version, std::move(*made));
    co_return;
  }
  templates_.Refuse(version, made.error().message());
  if (config_.template_refused) config_.template_refused(version, made.error().message());
}

Task<Result<std::shared_ptr<Template>>> HostLauncher::MakeTemplate(Spec spec, Deadline deadline) {
  // What the code prints while it loads here it has printed in its first instance.
  auto sandbox = co_await Boot(std::move(spec), Begin::kAsTemplate, [](auto) {}, deadline);
  if (!sandbox) co_return Fail(sandbox.error());
  auto loaded = co_await (*sandbox)->Initialize(deadline);
  if (!loaded) co_return Fail(loaded.error());
  co_return co_await Template::Make(Tools(), std::move(*sandbox), deadline);
}

// False: there are enough, or none can be made.
Task<bool> HostLauncher::AddSpare() {
  co_await WaitUntilNoneLaunches();
  const auto from = templates_.MissingSpare();
  if (!from) co_return false;
  const std::string version = from->spec().version;
  auto spare = co_await Fork(*from, Deadline(clock_.Now() + kBootTime));
  if (IsCancelled(co_await asio::this_coro::cancellation_state)) co_return false;
  if (spare) {
    templates_.PutSpare(std::move(*spare));
  } else {
    log::Warn("a template does not fork", {{"error", spare.error()}});
    templates_.CannotFork(version, spare.error());
  }
  co_return spare.has_value();
}

// False: there are enough, or none can be made.
Task<bool> HostLauncher::AddStem(Runtime runtime) {
  co_await WaitUntilNoneLaunches();
  const auto kind = stems_.Missing(runtime);
  if (!kind) co_return false;
  auto stem = co_await Boot(
      MakeStemSpec(*kind, config_.scratch / kNoCode), Begin::kAsStem, [](auto) {},
      Deadline(clock_.Now() + kBootTime));
  if (IsCancelled(co_await asio::this_coro::cancellation_state)) co_return false;
  if (stem) {
    const auto build = (*stem)->build();
    if (!build || !build->replaced) stems_.Put(*kind, std::move(*stem));
  } else {
    log::Warn("cannot boot a runtime ahead", {{"error", stem.error()}});
    stems_.Failed(*kind);
  }
  co_return stem.has_value();
}

}  // namespace ebb::sandbox
