// sandbox/cgroup_v1.cc
// One folder in each of five hierarchies, of which some may be mounted together.
#include <fcntl.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <set>
#include <utility>

#include "sandbox/cgroup.h"
#include "sandbox/cgroup_file.h"

namespace ebb::sandbox {
namespace {

// Short, so that a function with a small share waits in short pieces: 0.05 vCPU is 1 ms (the least
// that the kernel takes) in every 20.
constexpr std::int64_t kPeriodMicros = 20'000;

class CgroupV1 : public Cgroup {
 public:
  explicit CgroupV1(CgroupMounts::V1 at) : at_(std::move(at)) {}

  Result<void> Make(CgroupLimits limits) {
    for (const base::Path& folder : Folders()) {
      if (auto made = MakeGroup(folder); !made) return made;
    }
    if (auto set = WriteControl(at_.cpu / "cpu.cfs_period_us", std::to_string(kPeriodMicros));
        !set) {
      return set;
    }
    // Absent where the kernel does not count swap; then there must be none to escape into.
    counts_swap_ = std::filesystem::exists(at_.memory / "memory.memsw.limit_in_bytes");
    if (!counts_swap_) {
      if (auto set = WriteControl(at_.memory / "memory.swappiness", "0"); !set) return set;
    }
    if (auto set = SetLimits(limits); !set) return set;
    return OpenOften();
  }

  Result<void> SetLimits(CgroupLimits limits) override {
    if (!limits_ || limits_->memory != limits.memory) {
      if (auto set = SetMemory(limits.memory); !set) return set;
      if (auto set = SetTcpMemory(limits.memory); !set) return set;
    }
    if (!limits_ || limits_->max_processes != limits.max_processes) {
      auto set = WriteControl(at_.pids / "pids.max", std::to_string(limits.max_processes));
      if (!set) return set;
    }
    if (!limits_ || limits_->cpu != limits.cpu) {
      const std::int64_t quota =
          std::max<std::int64_t>(limits.cpu.count() * kPeriodMicros / 1000, 1000);
      auto set = WriteControl(at_.cpu / "cpu.cfs_quota_us", std::to_string(quota));
      if (!set) return set;
    }
    limits_ = limits;
    return {};
  }

  // What is used at every call stays open: finding it by name costs more than using it.
  Result<void> OpenOften() {
    state_ = base::Fd(open((at_.freezer / "freezer.state").c_str(), O_WRONLY | O_CLOEXEC));
    usage_ = base::Fd(open((at_.cpuacct / "cpuacct.usage").c_str(), O_RDONLY | O_CLOEXEC));
    peak_ = base::Fd(open((at_.memory / "memory.max_usage_in_bytes").c_str(), O_RDWR | O_CLOEXEC));
    if (state_.valid() && usage_.valid() && peak_.valid()) return {};
    return Fail(Error::System("open the cgroup's files", errno));
  }

  Result<std::vector<base::Fd>> OpenJoins() override {
    std::vector<base::Fd> joins;
    for (const base::Path& folder : Folders()) {
      const base::Path tasks = folder / "tasks";
      joins.emplace_back(open(tasks.c_str(), O_WRONLY | O_CLOEXEC));
      if (!joins.back().valid()) return Fail(Error::System("open " + tasks.string(), errno));
    }
    return joins;
  }

  Result<void> Freeze() override { return SetState("FROZEN"); }
  Result<void> Thaw() override { return SetState("THAWED"); }

  void LetDie() override {
    TryWriteControl(at_.freezer / "freezer.state", "THAWED");
    TryWriteControl(at_.cpu / "cpu.cfs_quota_us", "-1");  // Then its end takes longer.
  }

  Consumption Measure() const override {
    return {Duration(ReadNumber(usage_.get())), ReadNumber(peak_.get())};
  }
  void ResetPeak() override {
    if (pwrite(peak_.get(), "0", 1, 0) < 0) return;  // Then it measures a bit too much.
  }

  bool HoldsOnly(pid_t pid) const override {
    return std::ranges::all_of(Folders(), [pid](const base::Path& folder) {
      return ReadPids(folder / "cgroup.procs") == std::vector<pid_t>{pid};
    });
  }
  std::vector<pid_t> Processes() const override { return ReadPids(at_.pids / "cgroup.procs"); }
  int CountThreads() const override {
    return static_cast<int>(ReadPids(at_.pids / "tasks").size());
  }

  bool RanOutOfMemory() const override {
    return ReadControl(at_.memory / "memory.oom_control", "oom_kill") > 0;
  }

  Result<base::Fd> WatchMemory() override {
    base::Fd event(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    const base::Fd control(open((at_.memory / "memory.oom_control").c_str(), O_RDONLY | O_CLOEXEC));
    if (!event.valid() || !control.valid()) {
      return Fail(Error::System("watch memory.oom_control", errno));
    }
    auto set = WriteControl(at_.memory / "cgroup.event_control",
                            std::to_string(event.get()) + " " + std::to_string(control.get()));
    if (!set) return Fail(set.error());
    return event;
  }

  Result<void> Remove() override {
    // The frozen do not die.  Not there any more is fine.
    TryWriteControl(at_.freezer / "freezer.state", "THAWED");
    Result<void> all;
    for (const base::Path& folder : Folders()) {
      if (auto removed = KillAndRemoveGroup(folder); !removed) all = removed;
    }
    return all;
  }

 private:
  Result<void> SetState(std::string_view state) {
    if (pwrite(state_.get(), state.data(), state.size(), 0) > 0) return {};
    return Fail(Error::System("set the freezer's state", errno));
  }

  // The kernel keeps memory alone at or below memory with swap, so the order depends.
  Result<void> SetMemory(Mebibytes memory) {
    const std::string bytes = std::to_string(memory.bytes());
    const base::Path alone = at_.memory / "memory.limit_in_bytes";
    const base::Path with_swap = at_.memory / "memory.memsw.limit_in_bytes";
    if (!counts_swap_) return WriteControl(alone, bytes);
    const bool lower = !limits_ || memory < limits_->memory;
    if (auto set = WriteControl(lower ? alone : with_swap, bytes); !set) return set;
    return WriteControl(lower ? with_swap : alone, bytes);
  }

  // What lies in the buffers of TCP and UDP sockets is counted apart from other memory, and without
  // this not at all: a function could fill the tcp_mem of the whole host, and then nobody's TCP
  // works.  A fraction, since nothing else limits the sum of both.
  Result<void> SetTcpMemory(Mebibytes memory) {
    const Mebibytes allowed(std::max<std::int64_t>(memory.count() / 8, 8));
    return WriteControl(at_.memory / "memory.kmem.tcp.limit_in_bytes",
                        std::to_string(allowed.bytes()));
  }

  std::set<base::Path> Folders() const {  // Each once, also when mounted together.
    return {at_.cpu, at_.cpuacct, at_.memory, at_.pids, at_.freezer};
  }

  CgroupMounts::V1 at_;
  std::optional<CgroupLimits> limits_;  // What the kernel has been told.
  bool counts_swap_ = false;
  base::Fd state_;
  base::Fd usage_;
  base::Fd peak_;
};

class CgroupTreeV1 : public CgroupTree {
 public:
  CgroupTreeV1(CgroupMounts::V1 at, base::Fd claim)
      : at_(std::move(at)), claim_(std::move(claim)) {}

  Result<std::unique_ptr<Cgroup>> Make(const std::string& id, CgroupLimits limits) override {
    KeepOneFrozen();
    auto group = std::make_unique<CgroupV1>(Below(at_, id));
    auto made = group->Make(limits);
    if (made) return group;
    if (auto removed = group->Remove(); !removed) return Fail(made.error().With("and it stays"));
    return Fail(made.error());
  }

  Result<std::vector<base::Fd>> OpenFolders() override {
    std::vector<base::Fd> folders;
    auto claim = CopyOf(claim_);
    if (!claim) return Fail(claim.error());
    folders.push_back(std::move(*claim));
    for (const base::Path& folder : std::set{at_.cpu, at_.cpuacct, at_.memory, at_.pids}) {
      folders.emplace_back(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
      if (!folders.back().valid()) return Fail(Error::System("open " + folder.string(), errno));
    }
    return folders;
  }

  Result<void> Clear() override {
    one_is_frozen_ = false;
    std::error_code error;
    // The freezer's folder goes last: thawing works as long as it is there.
    for (const auto& entry : std::filesystem::directory_iterator(at_.freezer, error)) {
      if (!entry.is_directory()) continue;
      CgroupV1 group(Below(at_, entry.path().filename().string()));
      if (auto removed = group.Remove(); !removed) return removed;
    }
    for (const base::Path& folder : {at_.cpu, at_.cpuacct, at_.memory, at_.pids}) {
      if (auto removed = KillAndRemoveGroupsIn(folder); !removed) return removed;
    }
    return {};
  }

  Result<void> Remove() override {
    if (auto cleared = Clear(); !cleared) return cleared;
    for (const base::Path& folder : {at_.cpu, at_.cpuacct, at_.memory, at_.pids, at_.freezer}) {
      if (auto removed = KillAndRemoveGroup(folder); !removed) return removed;
    }
    return {};
  }

  static CgroupMounts::V1 Below(const CgroupMounts::V1& at, const std::string& name) {
    return {at.cpu / name, at.cpuacct / name, at.memory / name, at.pids / name, at.freezer / name};
  }

 private:
  // An empty group that stays frozen.  The kernel patches its own code on all processors when the
  // first group freezes and when the last one thaws: 0.2 ms of a warm call when nothing else is
  // frozen, measured.  Where it cannot be made, calls are slower and nothing else is different.
  void KeepOneFrozen() {
    if (std::exchange(one_is_frozen_, true)) return;
    const base::Path group = at_.freezer / "always-frozen";
    if (MakeGroup(group)) TryWriteControl(group / "freezer.state", "FROZEN");
  }

  CgroupMounts::V1 at_;
  base::Fd claim_;  // On the freezer's folder.
  bool one_is_frozen_ = false;
};

}  // namespace

Result<std::unique_ptr<CgroupTree>> MakeCgroupTreeV1(CgroupMounts::V1 mounts,
                                                     const std::string& name) {
  CgroupMounts::V1 at = CgroupTreeV1::Below(mounts, name);
  auto claim = ClaimGroup(at.freezer);
  if (!claim) return Fail(claim.error());
  for (const base::Path& folder : {at.cpu, at.cpuacct, at.memory, at.pids}) {
    if (auto made = MakeGroup(folder); !made) return Fail(made.error());
  }
  return std::make_unique<CgroupTreeV1>(std::move(at), std::move(*claim));
}

}  // namespace ebb::sandbox
