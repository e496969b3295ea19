#include "sandbox/template.h"

#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/log.h"
#include "sandbox/mounts.h"
#include "sandbox/network_namespace.h"
#include "sandbox/process_view.h"
#include "sandbox/visit.h"

namespace ebb::sandbox {
namespace {

constexpr int kProcesses =
    3;  // The loaded one, pid 1 of the namespace for forking, and the forker.
// How long it may take to close a few descriptors.  It takes microseconds; machines can be busy.
constexpr auto kToClose = std::chrono::seconds(2);

Error Refused(std::string why) {
  return Error::Invalid(std::move(why)).WithCode("TemplateRefused");
}

// Standard input, output and error and the channel.
bool Expected(const OpenFile& file) { return file.number <= kChannelInside; }

std::string Describe(const OpenFile& file) {
  if (file.target.starts_with("socket:")) return "a socket";
  if (file.target.starts_with("pipe:")) return "a pipe";
  if (file.target.starts_with("anon_inode:")) return file.target.substr(11);
  return file.target;
}

Error Unlike(const std::string& lacks) {
  return Error::Unavailable("a template forked an instance without " + lacks)
      .WithCode("TemplateRefused");
}

Result<void> CheckFiles(pid_t pid) {
  const auto files = OpenFilesOf(pid);
  if (!files) return Fail(files.error());
  for (const OpenFile& file : *files) {
    if (Expected(file)) continue;
    return Fail(Refused("after loading, the code holds " + Describe(file) +
                        " open, which instances would share"));
  }
  return {};
}

Result<void> CheckTmp(const base::Fd& tmp) {
  struct statfs now{};
  if (fstatfs(tmp.get(), &now) != 0) return Fail(Error::System("look at /tmp", errno));
  if (now.f_files - now.f_ffree <= 1) return {};  // The root folder.
  return Fail(Refused("while loading, the code wrote to /tmp, which instances would not have"));
}

// A lock in shared memory would be one for all instances, held by some that are frozen.
Result<void> CheckMemory(pid_t pid) {
  const auto shares = SharesMemory(pid);
  if (!shares) return Fail(shares.error());
  if (!*shares) return {};
  return Fail(Refused("after loading, the code has memory that it would share with instances"));
}

// Nothing but what it was given: cgroups' files would move it out of its own.
bool HoldsOnlyItsOwn(pid_t pid, const std::string& output) {
  const auto files = OpenFilesOf(pid);
  if (!files || files->size() != kChannelInside + 1) return false;
  for (const OpenFile& file : *files) {
    const bool is_output = file.number == STDOUT_FILENO || file.number == STDERR_FILENO;
    const bool expected = is_output                       ? file.target == output
                          : file.number == STDIN_FILENO   ? file.target == "/dev/null"
                          : file.number == kChannelInside ? file.target.starts_with("socket:")
                                                          : false;
    if (!expected) return false;
  }
  return true;
}

}  // namespace

// Thaws the template while it lives; the last one freezes it again.
class Template::Awake {
 public:
  static Result<Awake> Begin(Template& of) {
    if (of.forks_ == 0) {
      if (auto thawed = of.sandbox_->Thaw(); !thawed) return Fail(thawed.error());
    }
    ++of.forks_;
    return Awake(of.shared_from_this());
  }
  // In place of the destructor: then looks at what the template has become while it was awake.
  // Only the last does, as only then it stands still.
  Result<void> End() {
    const std::shared_ptr<Template> of = std::exchange(of_, nullptr);
    if (--of->forks_ > 0) return {};
    if (auto frozen = of->sandbox_->Freeze(); !frozen) return Fail(frozen.error());
    return of->Check();
  }
  Awake(Awake&&) noexcept = default;
  Awake& operator=(Awake&&) = delete;
  ~Awake() {
    if (!of_ || --of_->forks_ > 0) return;
    if (auto frozen = of_->sandbox_->Freeze(); !frozen) {
      log::Warn("a template is not frozen", {{"error", frozen.error()}});
    }
  }

 private:
  explicit Awake(std::shared_ptr<Template> of) : of_(std::move(of)) {}
  std::shared_ptr<Template> of_;
};

Template::Template(TemplateTools tools, std::unique_ptr<BuiltinSandbox> sandbox)
    : tools_(std::move(tools)), sandbox_(std::move(sandbox)) {}

Task<Result<std::shared_ptr<Template>>> Template::Make(TemplateTools tools,
                                                       std::unique_ptr<BuiltinSandbox> loaded,
                                                       Deadline deadline) {
  std::shared_ptr<Template> made(new Template(std::move(tools), std::move(loaded)));
  auto forked = co_await made->sandbox_->BecomeTemplate(deadline);
  if (!forked) co_return Fail(forked.error());
  if (auto frozen = made->sandbox_->Freeze(); !frozen) co_return Fail(frozen.error());
  if (auto checked = made->Check(); !checked) co_return Fail(checked.error());
  co_return made;
}

// Frozen, so that nothing changes while it is looked at.
Result<void> Template::Check() {
  const ProcessTree& processes = *sandbox_->started().processes;
  const auto first = PidOf(processes.pidfd());
  if (!first) return Fail(first.error());
  const std::vector<pid_t> pids = processes.cgroup().Processes();
  if (pids.size() != kProcesses) {
    return Fail(Refused("after loading, the code has processes of its own running"));
  }
  for (const pid_t pid : pids) {
    if (pid != *first && ParentOf(pid) != *first) forker_ = pid;
  }
  // A thread that goes on in the first is missing in the copy; those of OpenBLAS end before a fork.
  if (const int threads = processes.cgroup().CountThreads(); threads != kProcesses) {
    return Fail(Refused("after loading, the code has " + std::to_string(threads - kProcesses + 1) +
                        " threads, and instances would have one"));
  }
  if (auto checked = CheckFiles(forker_); !checked) return checked;
  if (auto checked = CheckMemory(forker_); !checked) return checked;
  return CheckTmp(sandbox_->started().tmp);
}

Task<Result<std::unique_ptr<BuiltinSandbox>>> Template::Fork(Parts parts, Deadline deadline) {
  const auto self = shared_from_this();
  auto sockets = Sockets::Make();
  if (!sockets) co_return Fail(sockets.error());
  if (auto told = TellSender(sockets->status.ours); !told) co_return Fail(told.error());
  ProcessTree& processes = *parts.processes;
  auto awake = Awake::Begin(*this);
  if (!awake) co_return Fail(awake.error());
  std::vector<int> fds(kForkFixedFds);
  fds[kForkStatusFd] = sockets->status.theirs.get();
  fds[kForkChannelFd] = sockets->channel.theirs.get();
  fds[kForkOutputFd] = sockets->output.theirs.get();
  for (const base::Fd& join : parts.joins) fds.push_back(join.get());
  if (auto asked = SendFork(sandbox_->started().control, fds); !asked) {
    co_return Fail(asked.error());
  }
  sockets->CloseTheirs();
  net::Descriptor status(tools_.io, std::move(sockets->status.ours));
  auto pid = co_await WaitForked(status, processes, deadline);
  if (!pid) co_return Fail(pid.error());
  auto furnished = co_await Furnish(processes, *pid, parts, deadline);
  if (!furnished) co_return Fail(furnished.error());
  auto connection = co_await tools_.connect(processes.network(), spec().reach);
  if (!connection) co_return Fail(connection.error());
  auto door = tools_.open_door(processes);
  if (!door) co_return Fail(door.error());
  if (write(status.get(), "g", 1) != 1) co_return Fail(Error::System("talk to an instance", errno));
  auto confined = co_await WaitConfined(status, processes, *pid, deadline);
  if (!confined) co_return Fail(confined.error());

  std::string output = TargetOf(sockets->output.ours);
  Started started;
  started.spec = spec();
  started.connection = std::move(*connection);
  started.processes = std::move(parts.processes);
  started.output =
      std::make_shared<OutputPump>(tools_.io, std::move(sockets->output.ours), [](auto) {});
  started.door = std::move(*door);
  started.tmp = std::move(parts.tmp);
  started.channel = std::move(sockets->channel.ours);
  started.origin = self;
  started.uid = sandbox_->started().uid;
  started.build = sandbox_->build();
  auto instance = std::make_unique<BuiltinSandbox>(tools_.io, tools_.clock, std::move(started));
  auto booted = co_await instance->WaitBooted(deadline);
  if (!booted) co_return Fail(booted.error());
  auto checked =
      co_await CheckForked(status, *instance->started().processes, std::move(output), *pid);
  if (!checked) co_return Fail(checked.error());
  if (auto ended = awake->End(); !ended) co_return Fail(ended.error());
  co_return instance;
}

// It waits to be told what it is, so nothing in it changes.  Once more all that was looked at,
// since what it has left undone in one thread or process it may have done in another.
Task<Result<void>> Template::CheckForked(net::Descriptor& status, const ProcessTree& processes,
                                         std::string output, pid_t pid) {
  // Closed by the instance and by who forked it, who closes it last of all that it was given.
  const bool ended = co_await status.WaitReadable(Deadline(tools_.clock.Now() + kToClose));
  if (!ended || ReadAnswer(status.get())) {
    co_return Fail(Refused("the code keeps what belongs to an instance"));
  }
  if (const char* lacks = Unconfined(pid)) co_return Fail(Unlike(lacks));
  if (!HoldsOnlyItsOwn(pid, output)) co_return Fail(Unlike("closing what is not its own"));
  co_return CheckNamespaces(processes, pid);
}

// The kernel says who it is that tells of itself, and that it is what it should be.
Task<Result<pid_t>> Template::WaitForked(net::Descriptor& status, ProcessTree& processes,
                                         Deadline deadline) {
  const bool ready = co_await status.WaitReadable(deadline);
  if (!ready) co_return Fail(Error::DeadlineExceeded("the template did not fork in time"));
  auto answer = ReadAnswer(status.get());
  if (!answer) co_return Fail(answer.error());
  if (answer->kind != StatusKind::kForked) co_return Fail(ToError(*answer));
  auto pidfd = OpenPidfd(answer->sender);
  if (!pidfd) co_return Fail(pidfd.error());
  if (auto begun = processes.Begin(std::move(*pidfd)); !begun) co_return Fail(begun.error());
  if (auto checked = CheckNamespaces(processes, answer->sender); !checked) {
    co_return Fail(checked.error());
  }
  co_return answer->sender;
}

// What the process lacks of confinement; null if nothing.
const char* Template::Unconfined(pid_t pid) const {
  const Privileges has = PrivilegesOf(pid);
  const Privileges of_template = PrivilegesOf(forker_);
  if (has.threads != 1) return "ending its other threads";
  if (!has.first_of_its_namespace) return "being the first of its pid namespace";
  if (has.capabilities != 0) return "giving up its capabilities";
  if (!has.no_new_privileges) return "giving up new privileges";
  if (has.filters <= of_template.filters) return "its system call filter";
  if (has.user != of_template.user) return "the template's user";
  if (NamespaceOf(pid, "cgroup") == NamespaceOf(forker_, "cgroup"))
    return "an own cgroup namespace";
  return nullptr;
}

Result<void> Template::CheckNamespaces(const ProcessTree& processes, pid_t pid) const {
  if (!processes.cgroup().HoldsOnly(pid)) {
    return Fail(Unlike("entering its cgroups"));
  }
  for (const char* name : {"pid", "mnt", "ipc", "uts", "net"}) {
    const std::string own = NamespaceOf(pid, name);
    if (own.empty() || own == NamespaceOf(forker_, name) || own == NamespaceOf(getpid(), name)) {
      return Fail(Unlike("an own namespace: " + std::string(name)));
    }
  }
  // Not another process that has got its number.
  if (!processes.alive()) return Fail(Error::Unavailable("a template's instance has ended"));
  return {};
}

// What an instance may not do itself.
Task<Result<void>> Template::Furnish(ProcessTree& processes, pid_t pid, const Parts& parts,
                                     Deadline deadline) {
  auto network = OpenNetworkOf(pid);
  if (!network) co_return Fail(network.error());
  if (auto up = BringLoopbackUpIn(*network); !up) co_return Fail(up.error());
  processes.SetNetwork(std::move(*network));
  auto mounted = co_await tools_.helpers.MountProc(tools_.io, processes.pidfd(), deadline);
  if (!mounted) co_return Fail(mounted.error());
  auto visit = Visit::Begin(processes.pidfd());
  if (!visit) co_return Fail(visit.error());
  if (!Attach(parts.tmp, "/tmp")) co_return Fail(Error::System("mount a tmpfs at /tmp", errno));
  co_return Result<void>();
}

Task<Result<void>> Template::WaitConfined(net::Descriptor& status, const ProcessTree& processes,
                                          pid_t pid, Deadline deadline) {
  const bool ready = co_await status.WaitReadable(deadline);
  if (!ready) co_return Fail(Error::DeadlineExceeded("the instance was not ready in time"));
  auto answer = ReadAnswer(status.get());
  if (!answer) co_return Fail(answer.error());
  if (answer->kind != StatusKind::kConfined) co_return Fail(ToError(*answer));
  if (const char* lacks = Unconfined(pid)) {
    co_return Fail(Unlike(lacks));
  }
  co_return CheckNamespaces(processes, pid);
}

}  // namespace ebb::sandbox
