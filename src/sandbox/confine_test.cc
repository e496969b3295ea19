// That every step of confinement is mandatory: what cannot be done fails by name.  Needs root.
#include "sandbox/confine.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <functional>

#include "sandbox/cgroup.h"
#include "sandbox/helpers_state.h"
#include "sandbox/mounts.h"
#include "sandbox/network_namespace.h"
#include "sandbox/seccomp_filter.h"
#include "sandbox/template_root.h"
#include "sandbox/wire.h"
#include "testkit/temp_folder.h"

namespace ebb::sandbox {
namespace {

class ConfineTest : public testing::Test {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "needs root, as ebb serve does";
    auto mounts = FindCgroups(*base::ReadFile("/proc/self/mountinfo"));
    ASSERT_TRUE(mounts);
    auto tree = MakeCgroupTree(*mounts, "ebb-test-confine-" + std::to_string(getpid()));
    ASSERT_TRUE(tree) << tree.error().Describe();
    tree_ = std::move(*tree);
    auto group = tree_->Make("c-1", {MilliCpu(1000), Mebibytes(64), 10});
    ASSERT_TRUE(group) << group.error().Describe();
    joins_ = std::move(*(*group)->OpenJoins());
    filter_ = *MakeSystemCallFilter(FilterFor::kFunction);
  }
  void TearDown() override {
    if (!tree_) return;
    auto removed = tree_->Remove();
    EXPECT_TRUE(removed) << removed.error().Describe();
  }

  enum class Pid { kOne, kAny };

  // What Confine says in a child about a plan that `spoil` has spoilt.
  std::string Failed(const std::function<void(Plan&)>& spoil, Pid pid = Pid::kOne) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return "pipe";
    const base::Fd from(ends[0]);
    base::Fd to(ends[1]);
    const base::Fd own(open("/proc/self/ns/pid", O_RDONLY | O_CLOEXEC));
    if (pid == Pid::kOne && unshare(CLONE_NEWPID) != 0) return "unshare";
    const pid_t child = fork();
    if (child == 0) RunSpoilt(spoil, to.get());
    if (setns(own.get(), CLONE_NEWPID) != 0) return "setns";
    to.Reset();
    char said[200] = {};
    (void)!read(from.get(), said, sizeof said - 1);
    waitpid(child, nullptr, 0);
    return said;
  }

  [[noreturn]] void RunSpoilt(const std::function<void(Plan&)>& spoil, int say) {
    std::vector<int> joins;
    joins.reserve(joins_.size());
    for (const base::Fd& join : joins_) joins.push_back(join.get());
    auto network = MakeNetworkNamespace();
    auto code = MakeCodeMount(folder_.path());
    auto tmp = MakeTmpMount(Mebibytes(1));
    const base::Fd proc(open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC));
    const base::Fd null(open("/dev/null", O_WRONLY | O_CLOEXEC));
    std::filesystem::create_directories(folder_.path() / "runtimes");
    std::filesystem::permissions(folder_.path(), std::filesystem::perms(0755));  // It is the code.
    if (!EnterTemplateRoot(folder_.path())) _exit(1);
    Plan plan;
    plan.status = fcntl(say, F_DUPFD_CLOEXEC, 64);
    plan.channel = null.get();
    plan.output = null.get();
    plan.network = network->get();
    plan.code = code->get();
    plan.tmp = tmp->get();
    plan.joins = joins.data();
    plan.join_count = static_cast<unsigned>(joins.size());
    plan.uid = 1'999'999'999;
    plan.host_name = "test";
    plan.outer_proc = proc.get();
    plan.filter = reinterpret_cast<const sock_filter*>(filter_.data());
    plan.filter_length = static_cast<unsigned>(filter_.size() / sizeof(sock_filter));
    spoil(plan);
    const char* failed = Confine(plan);
    const std::string_view said = failed == nullptr ? "nothing" : failed;
    (void)!write(failed == nullptr ? kStatusInside : plan.status, said.data(), said.size());
    _exit(0);
  }

  testkit::TempFolder folder_;
  std::unique_ptr<CgroupTree> tree_;
  std::vector<base::Fd> joins_;
  std::string filter_;
};

TEST_F(ConfineTest, DoesEveryStepOfASoundPlan) {
  EXPECT_EQ(Failed([](Plan&) {}), "nothing");
}

TEST_F(ConfineTest, FailsByTheNameOfTheStepThatCannotBeDone) {
  const int not_a_cgroup = open("/dev/null", O_RDONLY | O_CLOEXEC);
  const std::string long_name(65, 'x');
  EXPECT_EQ(Failed([](Plan& plan) { plan.join_count = 0; }), "join the cgroups");
  EXPECT_EQ(Failed([&](Plan& plan) { plan.joins = &not_a_cgroup, plan.join_count = 1; }),
            "join the cgroups");
  EXPECT_EQ(Failed([](Plan& plan) { plan.network = -1; }), "enter the network namespace");
  EXPECT_EQ(Failed([&](Plan& plan) { plan.host_name = long_name.c_str(); }), "name the host");
  EXPECT_EQ(Failed([](Plan& plan) { plan.code = -1; }), "mount the code at /code");
  EXPECT_EQ(Failed([](Plan& plan) { plan.tmp = -1; }), "mount a tmpfs at /tmp");
  EXPECT_EQ(Failed([](Plan& plan) { plan.layers = 0; }), "mount the layers at /opt");
  EXPECT_EQ(Failed([](Plan& plan) { plan.names = 0; }),
            "mount the name servers at /etc/resolv.conf");
  EXPECT_EQ(Failed([](Plan& plan) { plan.inside_uid = 0; }), "new user namespace");
  EXPECT_EQ(Failed([](Plan& plan) { plan.image = true, plan.tmp = dup(plan.code); }),
            "enter the image's root");
  EXPECT_EQ(Failed([](Plan& plan) { plan.outer_proc = -1; }),
            "prefer the sandbox when memory is short");
  EXPECT_EQ(Failed([](Plan& plan) { plan.filter_length = 0; }), "filter system calls");
  EXPECT_EQ(Failed([](Plan& plan) { plan.channel = -1; }),
            "place descriptors and close all others");
  close(not_a_cgroup);
}

TEST_F(ConfineTest, RefusesToGoOnOutsideAPidNamespaceOfItsOwn) {
  EXPECT_EQ(Failed([](Plan&) {}, Pid::kAny), "be pid 1 of a new pid namespace");
}

// What Helpers::Start says in a child that has given something up.
std::string Refusal(const std::function<void()>& give_up) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return "pipe";
  const base::Fd from(ends[0]);
  base::Fd to(ends[1]);
  const pid_t child = fork();
  if (child == 0) {
    give_up();
    const auto helpers = Helpers::Start();
    const std::string said = helpers ? "started" : helpers.error().message();
    (void)!write(to.get(), said.data(), said.size());
    _exit(0);
  }
  to.Reset();
  char said[400] = {};
  (void)!read(from.get(), said, sizeof said - 1);
  waitpid(child, nullptr, 0);
  return said;
}

TEST(RightsTest, StartedWithoutTheRightsTheHelpersSayWhichAreMissing) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root, to give it up";
  EXPECT_EQ(
      Refusal([] { (void)!setuid(65534); }),
      "ebb serve needs to be root to isolate functions: run it as root on the machine itself, "
      "or in a privileged container");
  const std::string said = Refusal([] {
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    __user_cap_data_struct data[2] = {};
    syscall(SYS_capget, &header, data);
    data[CAP_NET_ADMIN / 32].effective &= ~(1U << (CAP_NET_ADMIN % 32));
    syscall(SYS_capset, &header, data);
  });
  EXPECT_TRUE(said.starts_with("ebb serve needs the capability CAP_NET_ADMIN ")) << said;
}

}  // namespace
}  // namespace ebb::sandbox
