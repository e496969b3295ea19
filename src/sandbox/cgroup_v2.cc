// sandbox/cgroup_v2.cc
// One folder in the unified hierarchy.
#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <optional>

#include "sandbox/cgroup.h"
#include "sandbox/cgroup_file.h"

namespace ebb::sandbox {
namespace {

constexpr std::int64_t kPeriodMicros = 20'000;  // See cgroup_v1.cc.

class CgroupV2 : public Cgroup {
 public:
  explicit CgroupV2(base::Path at) : at_(std::move(at)) {}

  Result<void> Make(CgroupLimits limits) {
    if (auto made = MakeGroup(at_); !made) return made;
    // A kernel without swap accounting has no such file, and then must have no swap.
    if (std::filesystem::exists(at_ / "memory.swap.max")) {
      if (auto set = WriteControl(at_ / "memory.swap.max", "0"); !set) return set;
    }
    // Over the limit the sandbox dies whole.
    if (auto set = WriteControl(at_ / "memory.oom.group", "1"); !set) return set;
    if (auto set = SetLimits(limits); !set) return set;
    // Since Linux 6.12 a write resets the peak, for readers of the same descriptor only.  Before,
    // the file cannot be opened for writing, and peaks are those of the sandbox's whole life.
    peak_ = base::Fd(open((at_ / "memory.peak").c_str(), O_RDWR | O_CLOEXEC));
    if (!peak_.valid()) peak_ = base::Fd(open((at_ / "memory.peak").c_str(), O_RDONLY | O_CLOEXEC));
    return {};
  }

  Result<void> SetLimits(CgroupLimits limits) override {
    if (!limits_ || limits_->memory != limits.memory) {
      auto set = WriteControl(at_ / "memory.max", std::to_string(limits.memory.bytes()));
      if (!set) return set;
    }
    if (!limits_ || limits_->max_processes != limits.max_processes) {
      auto set = WriteControl(at_ / "pids.max", std::to_string(limits.max_processes));
      if (!set) return set;
    }
    if (!limits_ || limits_->cpu != limits.cpu) {
      const std::int64_t quota =
          std::max<std::int64_t>(limits.cpu.count() * kPeriodMicros / 1000, 1000);
      auto set = WriteControl(at_ / "cpu.max",
                              std::to_string(quota) + " " + std::to_string(kPeriodMicros));
      if (!set) return set;
    }
    limits_ = limits;
    return {};
  }

  Result<std::vector<base::Fd>> OpenJoins() override {
    std::vector<base::Fd> joins;
    const base::Path procs = at_ / "cgroup.procs";
    joins.emplace_back(open(procs.c_str(), O_WRONLY | O_CLOEXEC));
    if (!joins.back().valid()) return Fail(Error::System("open " + procs.string(), errno));
    return joins;
  }

  Result<void> Freeze() override { return WriteControl(at_ / "cgroup.freeze", "1"); }
  Result<void> Thaw() override { return WriteControl(at_ / "cgroup.freeze", "0"); }

  void LetDie() override {
    TryWriteControl(at_ / "cgroup.freeze", "0");
    TryWriteControl(at_ / "cpu.max", "max");  // Then its end takes longer.
  }

  Consumption Measure() const override {
    return {std::chrono::microseconds(ReadControl(at_ / "cpu.stat", "usage_usec")),
            ReadNumber(peak_.get())};
  }
  void ResetPeak() override {
    if (pwrite(peak_.get(), "reset", 5, 0) < 0) return;  // An older kernel: see Make.
  }

  bool HoldsOnly(pid_t pid) const override { return Processes() == std::vector<pid_t>{pid}; }
  std::vector<pid_t> Processes() const override { return ReadPids(at_ / "cgroup.procs"); }
  int CountThreads() const override {
    return static_cast<int>(ReadPids(at_ / "cgroup.threads").size());
  }

  bool RanOutOfMemory() const override {
    return ReadControl(at_ / "memory.events", "oom_kill") > 0;
  }
  Result<base::Fd> WatchMemory() override { return base::Fd(); }

  Result<void> Remove() override {
    TryWriteControl(at_ / "cgroup.kill", "1");  // Since Linux 5.14; the loop below does it too.
    return KillAndRemoveGroup(at_);
  }

 private:
  base::Path at_;
  std::optional<CgroupLimits> limits_;  // What the kernel has been told.
  base::Fd peak_;
};

class CgroupTreeV2 : public CgroupTree {
 public:
  CgroupTreeV2(base::Path at, base::Fd claim) : at_(std::move(at)), claim_(std::move(claim)) {}

  Result<std::unique_ptr<Cgroup>> Make(const std::string& id, CgroupLimits limits) override {
    auto group = std::make_unique<CgroupV2>(at_ / id);
    auto made = group->Make(limits);
    if (made) return group;
    if (auto removed = group->Remove(); !removed) return Fail(made.error().With("and it stays"));
    return Fail(made.error());
  }
  Result<std::vector<base::Fd>> OpenFolders() override {
    auto claim = CopyOf(claim_);
    if (!claim) return Fail(claim.error());
    std::vector<base::Fd> folders;
    folders.push_back(std::move(*claim));
    return folders;
  }
  Result<void> Clear() override { return KillAndRemoveGroupsIn(at_); }
  Result<void> Remove() override {
    if (auto cleared = Clear(); !cleared) return cleared;
    return KillAndRemoveGroup(at_);
  }

 private:
  base::Path at_;
  base::Fd claim_;
};

}  // namespace

Result<std::unique_ptr<CgroupTree>> MakeCgroupTreeV2(base::Path mount, const std::string& name) {
  const base::Path at = mount / name;
  if (auto set = WriteControl(mount / "cgroup.subtree_control", "+cpu +memory +pids"); !set) {
    return Fail(set.error());
  }
  auto claim = ClaimGroup(at);
  if (!claim) return Fail(claim.error());
  if (auto set = WriteControl(at / "cgroup.subtree_control", "+cpu +memory +pids"); !set) {
    return Fail(set.error());
  }
  return std::make_unique<CgroupTreeV2>(at, std::move(*claim));
}

}  // namespace ebb::sandbox
