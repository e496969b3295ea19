// cgroup v1 and v2 on recorded trees: folders that hold the files which the kernel would show.
#include "sandbox/cgroup.h"

#include <gtest/gtest.h>

#include <fstream>

#include "sandbox/cgroup_file.h"
#include "testkit/temp_folder.h"

namespace ebb::sandbox {
namespace {

constexpr const char* kV1Mounts =
    "25 20 0:21 / /sys/fs/cgroup ro - tmpfs tmpfs ro\n"
    "26 25 0:22 / /sys/fs/cgroup/unified rw,nosuid - cgroup2 cgroup2 rw\n"
    "27 25 0:23 / /sys/fs/cgroup/cpu,cpuacct rw shared:9 - cgroup cgroup rw,cpu,cpuacct\n"
    "28 25 0:24 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
    "29 25 0:25 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids\n"
    "30 25 0:26 / /sys/fs/cgroup/freezer rw - cgroup cgroup rw,freezer\n";

class CgroupTest : public testing::Test {
 protected:
  base::Path At(const std::string& name) { return folder_.path() / name; }
  void Put(const std::string& name, const std::string& content) {
    std::filesystem::create_directories(At(name).parent_path());
    std::ofstream(At(name)) << content;
  }
  std::string Get(const std::string& name) { return base::ReadFile(At(name)).value_or("(none)"); }

  // What the kernel shows in a sandbox's folder, so that MakeGroup finds it there.
  void PutV2Group() {
    Put("cgroup.subtree_control", "");
    Put("ebb/cgroup.subtree_control", "");
    for (const char* name :
         {"memory.max", "memory.swap.max", "memory.oom.group", "memory.peak", "pids.max", "cpu.max",
          "cgroup.procs", "cgroup.freeze", "cgroup.kill"}) {
      Put(std::string("ebb/c-1/") + name, "");
    }
    Put("ebb/c-1/cpu.stat", "usage_usec 1500\nuser_usec 1000\nsystem_usec 500\n");
    Put("ebb/c-1/memory.events", "low 0\nhigh 0\nmax 3\noom 0\noom_kill 0\noom_group_kill 0\n");
  }

  testkit::TempFolder folder_;
};

TEST_F(CgroupTest, FindsTheControllersOfV1ThoughV2IsMountedToo) {
  auto found = FindCgroups(kV1Mounts);
  ASSERT_TRUE(found) << found.error().Describe();
  EXPECT_TRUE(found->v2.empty());
  EXPECT_EQ(found->v1.cpu, "/sys/fs/cgroup/cpu,cpuacct");
  EXPECT_EQ(found->v1.cpuacct, "/sys/fs/cgroup/cpu,cpuacct");
  EXPECT_EQ(found->v1.memory, "/sys/fs/cgroup/memory");
  EXPECT_EQ(found->v1.freezer, "/sys/fs/cgroup/freezer");
}

TEST_F(CgroupTest, FindsV2WhereItHasTheControllers) {
  Put("cgroup.controllers", "cpuset cpu io memory pids\n");
  auto found = FindCgroups("26 25 0:22 / " + folder_.path().string() +
                           " rw,nosuid shared:1 - cgroup2 cgroup2 rw\n");
  ASSERT_TRUE(found) << found.error().Describe();
  EXPECT_EQ(found->v2, folder_.path());
}

TEST_F(CgroupTest, NamesTheControllersThatAreMissing) {
  auto found = FindCgroups("28 25 0:24 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n");
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().kind(), ErrorKind::kDenied);
  EXPECT_EQ(found.error().message(),
            "ebb serve needs the cgroup controllers cpu, cpuacct, pids, freezer, which are not "
            "mounted");
  Put("cgroup.controllers", "cpu io\n");
  found = FindCgroups("26 25 0:22 / " + folder_.path().string() + " rw - cgroup2 cgroup2 rw\n");
  ASSERT_FALSE(found);
  EXPECT_NE(found.error().message().find("memory, pids"), std::string::npos);
}

TEST_F(CgroupTest, V2GroupsHaveEveryLimitAndDieWhole) {
  PutV2Group();
  auto tree = MakeCgroupTreeV2(folder_.path(), "ebb");
  ASSERT_TRUE(tree) << tree.error().Describe();
  EXPECT_EQ(Get("cgroup.subtree_control"), "+cpu +memory +pids");
  EXPECT_EQ(Get("ebb/cgroup.subtree_control"), "+cpu +memory +pids");
  auto group = (*tree)->Make("c-1", {MilliCpu(350), Mebibytes(512), 1024});
  ASSERT_TRUE(group) << group.error().Describe();
  EXPECT_EQ(Get("ebb/c-1/memory.max"), "536870912");
  EXPECT_EQ(Get("ebb/c-1/memory.swap.max"), "0");
  EXPECT_EQ(Get("ebb/c-1/memory.oom.group"), "1");
  EXPECT_EQ(Get("ebb/c-1/pids.max"), "1024");
  EXPECT_EQ(Get("ebb/c-1/cpu.max"), "7000 20000");
}

TEST_F(CgroupTest, V2GroupsAreJoinedFrozenAndMeasured) {
  PutV2Group();
  auto tree = MakeCgroupTreeV2(folder_.path(), "ebb");
  ASSERT_TRUE(tree);
  auto group = (*tree)->Make("c-1", {MilliCpu(50), Mebibytes(128), 10});
  ASSERT_TRUE(group) << group.error().Describe();
  EXPECT_EQ(Get("ebb/c-1/cpu.max"), "1000 20000");
  auto joins = (*group)->OpenJoins();
  ASSERT_TRUE(joins);
  ASSERT_EQ(joins->size(), 1U);
  EXPECT_EQ(write(joins->front().get(), "0", 1), 1);
  EXPECT_EQ(Get("ebb/c-1/cgroup.procs"), "0");
  ASSERT_TRUE((*group)->Freeze());
  EXPECT_EQ(Get("ebb/c-1/cgroup.freeze"), "1");
  ASSERT_TRUE((*group)->Thaw());
  EXPECT_EQ(Get("ebb/c-1/cgroup.freeze"), "0");
  (*group)->LetDie();
  EXPECT_TRUE(Get("ebb/c-1/cpu.max").starts_with("max"));
  Put("ebb/c-1/memory.peak", "123456\n");
  EXPECT_EQ((*group)->Measure().peak_memory_bytes, 123456);
  EXPECT_EQ((*group)->Measure().cpu_time, std::chrono::microseconds(1500));
  (*group)->ResetPeak();
  EXPECT_TRUE(Get("ebb/c-1/memory.peak").starts_with("reset"));
}

TEST_F(CgroupTest, V2GroupsTellWhenTheKernelKilledForMemory) {
  PutV2Group();
  auto tree = MakeCgroupTreeV2(folder_.path(), "ebb");
  auto group = (*tree)->Make("c-1", {MilliCpu(50), Mebibytes(128), 10});
  ASSERT_TRUE(group);
  EXPECT_FALSE((*group)->RanOutOfMemory());
  Put("ebb/c-1/memory.events", "max 3\noom 1\noom_kill 1\n");
  EXPECT_TRUE((*group)->RanOutOfMemory());
  EXPECT_FALSE((*group)->WatchMemory()->valid());  // The kernel kills the whole group.
}

TEST_F(CgroupTest, AGroupThatCannotBeLimitedIsNotMade) {
  PutV2Group();
  auto tree = MakeCgroupTreeV2(folder_.path(), "ebb");
  ASSERT_TRUE(tree);
  std::filesystem::remove(At("ebb/c-1/pids.max"));
  auto group = (*tree)->Make("c-1", {MilliCpu(50), Mebibytes(128), 10});
  ASSERT_FALSE(group);
  EXPECT_NE(group.error().message().find("pids.max"), std::string::npos) << group.error().message();
}

TEST_F(CgroupTest, V1GroupsAreMadeInEveryHierarchyOnceEach) {
  for (const char* name :
       {"cpu/ebb/c-1/cpu.cfs_period_us", "cpu/ebb/c-1/cpu.cfs_quota_us", "cpu/ebb/c-1/tasks",
        "cpu/ebb/c-1/cpuacct.usage", "memory/ebb/c-1/memory.max_usage_in_bytes",
        "memory/ebb/c-1/memory.limit_in_bytes", "memory/ebb/c-1/memory.memsw.limit_in_bytes",
        "memory/ebb/c-1/memory.kmem.tcp.limit_in_bytes", "memory/ebb/c-1/tasks",
        "pids/ebb/c-1/pids.max", "pids/ebb/c-1/tasks", "freezer/ebb/c-1/freezer.state",
        "freezer/ebb/c-1/tasks"}) {
    Put(name, "");
  }
  auto tree =
      MakeCgroupTreeV1({At("cpu"), At("cpu"), At("memory"), At("pids"), At("freezer")}, "ebb");
  ASSERT_TRUE(tree) << tree.error().Describe();
  auto group = (*tree)->Make("c-1", {MilliCpu(2000), Mebibytes(256), 7});
  ASSERT_TRUE(group) << group.error().Describe();
  EXPECT_EQ(Get("cpu/ebb/c-1/cpu.cfs_period_us"), "20000");
  EXPECT_EQ(Get("cpu/ebb/c-1/cpu.cfs_quota_us"), "40000");
  EXPECT_EQ(Get("memory/ebb/c-1/memory.limit_in_bytes"), "268435456");
  EXPECT_EQ(Get("memory/ebb/c-1/memory.memsw.limit_in_bytes"), "268435456");
  EXPECT_EQ(Get("memory/ebb/c-1/memory.kmem.tcp.limit_in_bytes"), "33554432");
  EXPECT_EQ(Get("pids/ebb/c-1/pids.max"), "7");
  EXPECT_EQ((*group)->OpenJoins()->size(), 4U);  // cpu and cpuacct are one folder.
  ASSERT_TRUE((*group)->Freeze());
  EXPECT_EQ(Get("freezer/ebb/c-1/freezer.state"), "FROZEN");
}

TEST_F(CgroupTest, ATreeIsOneServersUntilEveryCopyOfItsLockIsClosed) {
  auto claim = ClaimGroup(At("tree"));
  ASSERT_TRUE(claim) << claim.error().Describe();
  auto copy = CopyOf(*claim);
  claim->Reset();
  auto second = ClaimGroup(At("tree"), Millis(5));
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind(), ErrorKind::kUnavailable);
  copy->Reset();
  EXPECT_TRUE(ClaimGroup(At("tree"), Millis(5)));
}

TEST_F(CgroupTest, ReadsTheNumberBehindAWord) {
  Put("f", "oom_kill_disable 0\nunder_oom 0\noom_kill 12\n");
  EXPECT_EQ(ReadControl(At("f"), "oom_kill"), 12);
  EXPECT_EQ(ReadControl(At("f"), "oom"), 0);
  EXPECT_EQ(ReadControl(At("nothing"), "oom"), 0);
}

}  // namespace
}  // namespace ebb::sandbox
