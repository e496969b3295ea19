// Begin and end of sandboxes and of their launcher: freezing, measuring, and that nothing is left
// behind.  Needs root.
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <thread>

#include "net/task_group.h"
#include "sandbox/cgroup.h"
#include "sandbox/sandbox_fixture.h"

namespace ebb::sandbox {
namespace {

// Looks again and again until it is true, or a broken test's patience ends.
bool Eventually(const std::function<bool()>& is_true) {
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!is_true()) {
    if (std::chrono::steady_clock::now() > give_up) return false;
    std::this_thread::yield();
  }
  return true;
}

int CountEntries(const std::string& folder) {
  int count = 0;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    count += entry.path().empty() ? 0 : 1;
  }
  return count;
}

// Mounts of this process that have to do with the launcher: other programs come and go with theirs.
int CountMounts(const base::Path& scratch) {
  std::ifstream mounts("/proc/self/mounts");
  int count = 0;
  for (std::string line; std::getline(mounts, line);) count += line.contains(scratch.string());
  return count;
}

// Processes on the machine that descend from this one.
std::set<pid_t> Descendants() {
  std::multimap<pid_t, pid_t> children;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    std::ifstream stat(entry.path() / "stat");
    std::string text;
    if (!std::getline(stat, text)) continue;
    std::istringstream rest(text.substr(text.rfind(')') + 2));
    char state = 0;
    pid_t parent = 0;
    rest >> state >> parent;
    if (state != 'Z') children.emplace(parent, std::atoi(entry.path().filename().c_str()));
  }
  std::set<pid_t> all;
  std::vector<pid_t> next = {getpid()};
  while (!next.empty()) {
    const pid_t parent = next.back();
    next.pop_back();
    for (auto [it, end] = children.equal_range(parent); it != end; ++it) {
      if (all.insert(it->second).second) next.push_back(it->second);
    }
  }
  return all;
}

class Lifecycle : public SandboxFixture {};

class NothingAhead : public SandboxFixture {
 protected:
  static void SetUpTestSuite() {
    if (geteuid() != 0) return;
    auto host = Host::Start({}, false);
    ASSERT_TRUE(host) << host.error().Describe();
    shared_host = std::move(*host);
  }
};

TEST_F(NothingAhead, NothingIsLeftOfTwoHundredSandboxes) {
  Code("index.py",
       "import subprocess\n"
       "def handler(e, c):\n"
       "    if e: subprocess.Popen(['sleep', '1000'])\n"
       "    return e\n");
  // The first ones fill what is kept for ever: pools, caches of libraries.
  for (int i = 0; i < 5; ++i) Ready();
  ASSERT_TRUE(Eventually([&] { return CountGroups() == 0; }));
  const int fds = CountEntries("/proc/self/fd");
  const std::set<pid_t> processes = Descendants();

  for (int i = 0; i < 200; ++i) {
    auto sandbox = Ready();
    ASSERT_TRUE(sandbox) << i;
    ASSERT_TRUE(sandbox->alive()) << i;  // Its process is known, whoever told of it first.
    if (i % 10 == 0) ASSERT_TRUE(Invoke(*sandbox, "x"));
    if (i % 3 == 0) ASSERT_TRUE(sandbox->Freeze());
  }

  EXPECT_TRUE(Eventually([&] { return CountGroups() == 0; }));
  EXPECT_TRUE(Eventually([&] { return CountEntries("/proc/self/fd") <= fds; }))
      << CountEntries("/proc/self/fd") << " instead of " << fds;
  EXPECT_EQ(CountMounts(shared_host->folder.path()), 0);
  EXPECT_EQ(CountMounts(folder_.path()), 0);
  EXPECT_TRUE(Eventually([&] { return Descendants() == processes; }));
}

TEST_F(Lifecycle, TheLauncherTakesItsCgroupsAndProcessesWithIt) {
  TearDownTestSuite();
  EXPECT_TRUE(Descendants().empty());
  SetUpTestSuite();
  Code("index.py", "def handler(e, c): pass\n");
  Ready();
  TearDownTestSuite();
  EXPECT_EQ(CountGroups(), 0);
  EXPECT_TRUE(Descendants().empty());
  SetUpTestSuite();
}

TEST_F(Lifecycle, ACancelledCallKillsTheSandbox) {
  Code("index.py", "import time\ndef handler(e, c): time.sleep(1000)\n");
  auto sandbox = Ready();
  ASSERT_TRUE(sandbox);
  net::TaskGroup tasks(io());
  tasks.Spawn("call", [](Sandbox& s) -> Task<void> {
    (void)co_await s.Invoke({.request_id = "r",
                             .payload = {},
                             .access_key_id = {},
                             .access_key_secret = {},
                             .security_token = {},
                             .retry_count = 0},
                            Soon());
  }(*sandbox));
  io().restart();
  io().poll();
  testkit::RunToEnd(io(), tasks.Stop());
  EXPECT_TRUE(Eventually([&] { return !sandbox->alive(); }));
}

TEST_F(Lifecycle, NothingRunsWhileItIsFrozen) {
  Code("index.py",
       "import threading\n"
       "def spin():\n"
       "    while True: pass\n"
       "def handler(e, c):\n"
       "    if e == b'spin': threading.Thread(target=spin, daemon=True).start()\n"
       "    return e\n");
  auto sandbox = Ready();
  ASSERT_TRUE(sandbox);
  ASSERT_TRUE(Invoke(*sandbox, "spin"));
  ASSERT_TRUE(sandbox->Freeze());
  // It stops within a scheduler tick or two: then two measures in a row are the same.
  Duration last{};
  EXPECT_TRUE(Eventually([&] {
    const Duration now = sandbox->Measure().cpu_time;
    return std::exchange(last, now) == now;
  }));
  const auto until = std::chrono::steady_clock::now() + Millis(100);
  while (std::chrono::steady_clock::now() < until) std::this_thread::yield();
  // Running it would have taken most of that time.
  EXPECT_LT(sandbox->Measure().cpu_time - last, Millis(10));
  ASSERT_TRUE(sandbox->Thaw());
  auto reply = Invoke(*sandbox, "again");
  ASSERT_TRUE(reply) << reply.error().Describe();
  EXPECT_EQ(reply->body, "again");
  EXPECT_GT(sandbox->Measure().cpu_time, last);
}

TEST_F(Lifecycle, MeasuresCpuTimeAndPeakMemory) {
  Code("index.py",
       "import time\n"
       "def handler(e, c):\n"
       "    if e == b'memory': x = bytearray(64 << 20)\n"
       "    if e == b'cpu':\n"
       "        until = time.process_time() + 0.1\n"
       "        while time.process_time() < until: pass\n");
  auto sandbox = Ready();
  ASSERT_TRUE(sandbox);
  const Consumption before = sandbox->Measure();
  ASSERT_TRUE(Invoke(*sandbox, "cpu"));
  EXPECT_GE(sandbox->Measure().cpu_time - before.cpu_time, Millis(100));
  ASSERT_TRUE(Invoke(*sandbox, "memory"));
  EXPECT_GE(sandbox->Measure().peak_memory_bytes, 64 << 20);
  sandbox->ResetPeak();
  EXPECT_LT(sandbox->Measure().peak_memory_bytes, 64 << 20);
}

TEST_F(Lifecycle, GetsNoMoreCpuThanItsShare) {
  Code("index.py",
       "import time\n"
       "def handler(e, c):\n"
       "    until = time.process_time() + 0.05\n"
       "    while time.process_time() < until: pass\n");
  Spec spec = MakeSpec();
  spec.cpu = MilliCpu(200);
  auto sandbox = Ready(spec);
  ASSERT_TRUE(sandbox);
  const auto begin = std::chrono::steady_clock::now();
  ASSERT_TRUE(Invoke(*sandbox, ""));
  // 50 ms at a fifth of a core; the first 20 ms period's share may have been unused.
  EXPECT_GE(std::chrono::steady_clock::now() - begin, Millis(200));
}

TEST_F(Lifecycle, AnotherZygoteStartsWhenOneHasEnded) {
  Code("index.py", "def handler(e, c): return 'fine'\n");
  auto before = Ready();
  ASSERT_TRUE(before);
  for (const pid_t pid : Descendants()) {
    const auto command = base::ReadFile("/proc/" + std::to_string(pid) + "/cmdline");
    const auto status = base::ReadFile("/proc/" + std::to_string(pid) + "/status");
    // The zygote is the one that is not confined.
    if (command && command->find("zygote.py") != std::string::npos && status &&
        status->find("Seccomp:\t0") != std::string::npos) {
      kill(pid, SIGKILL);
      ASSERT_TRUE(Eventually([&] { return !Descendants().contains(pid); }));
    }
  }
  auto after = Ready();
  ASSERT_TRUE(after);
  EXPECT_EQ(Invoke(*after, "")->body, "fine");
  auto reply = Invoke(*before, "");
  ASSERT_TRUE(reply) << reply.error().Describe();  // It does not need the one that forked it.
  EXPECT_EQ(reply->body, "fine");
}

TEST_F(Lifecycle, AnUnknownCodeFolderFailsTheStartByName) {
  Spec spec = MakeSpec();
  spec.code = "/nowhere";
  auto sandbox = Launch(spec);
  ASSERT_FALSE(sandbox);
  EXPECT_EQ(sandbox.error().kind(), ErrorKind::kUnavailable);
  EXPECT_NE(sandbox.error().message().find("open the code folder /nowhere"), std::string::npos)
      << sandbox.error().message();
}

class InsideDoorTest : public SandboxFixture {
 protected:
  static void SetUpTestSuite() {
    if (geteuid() != 0) return;
    InsideDoor door{.port = 9010, .open = [](base::Fd socket) {
                      listener = std::make_shared<base::Fd>(std::move(socket));
                      return listener;
                    }};
    auto host =
        Host::Start(std::move(door), false);  // No stem: the door is that of the one sandbox.
    ASSERT_TRUE(host) << host.error().Describe();
    shared_host = std::move(*host);
  }
  static inline std::shared_ptr<base::Fd> listener;
};

TEST_F(InsideDoorTest, HandsTheServerAListenerOnTheSandboxsLoopback) {
  Code("index.py",
       "import socket\n"
       "def handler(e, c):\n"
       "    s = socket.create_connection(('127.0.0.1', 9010))\n"
       "    s.sendall(b'from inside')\n"
       "    s.close()\n");
  auto sandbox = Ready();
  ASSERT_TRUE(sandbox);
  ASSERT_TRUE(Invoke(*sandbox, ""));
  const base::Fd accepted(accept(listener->get(), nullptr, nullptr));
  ASSERT_TRUE(accepted.valid());
  char text[32] = {};
  ASSERT_EQ(read(accepted.get(), text, sizeof text), 11);
  EXPECT_STREQ(text, "from inside");
  const std::weak_ptr<base::Fd> watched = listener;
  listener.reset();
  sandbox.reset();
  EXPECT_TRUE(watched.expired());
}

// A server in a process of its own, with one sandbox, that can be killed.
enum class State { kBusy, kFrozen };

class KilledServer : public testing::TestWithParam<State> {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "needs root, as ebb serve does";
    name_ = "ebb-test-killed-" + std::to_string(getpid());
    std::filesystem::create_directories(folder_.path() / "code");
    std::ofstream(folder_.path() / "code/index.py") << "import time\n"
                                                       "def handler(e, c):\n"
                                                       "    print('busy', flush=True)\n"
                                                       "    time.sleep(1000)\n";
    auto mounts = FindCgroups(*base::ReadFile("/proc/self/mountinfo"));
    ASSERT_TRUE(mounts);
    trees_ = {mounts->v2 / name_};
    if (mounts->v2.empty()) {
      trees_ = {mounts->v1.cpu / name_, mounts->v1.cpuacct / name_, mounts->v1.memory / name_,
                mounts->v1.pids / name_, mounts->v1.freezer / name_};
    }
  }

  // Writes a byte to `ready` when the sandbox is in the state that is asked for.
  [[noreturn]] void Serve(int ready) {
    auto helpers = Helpers::Start();
    asio::io_context io;
    net::BlockingPool pool(1);
    SystemClock clock;
    auto launcher = MakeHostLauncher(io, pool, clock, std::move(*helpers), MakeConfig());
    Spec spec;
    spec.id = "c-1";
    spec.code = folder_.path() / "code";
    spec.handler = "index.handler";
    spec.cpu = MilliCpu(1000);
    spec.memory = Mebibytes(128);
    spec.disk = Mebibytes(16);
    const OutputSink sink = [ready](std::string_view) { (void)!write(ready, "!", 1); };
    auto sandbox = testkit::RunToEnd(io, (*launcher)->Launch(spec, sink, Soon()));
    if (!testkit::RunToEnd(io, (*sandbox)->Initialize(Soon()))) _exit(2);
    if (GetParam() == State::kFrozen) {
      if (!(*sandbox)->Freeze()) _exit(2);
      sink("");
      pause();
    }
    Call call;
    call.request_id = "r";
    const auto reply = testkit::RunToEnd(io, (*sandbox)->Invoke(call, Deadline::Never()));
    _exit(reply ? 3 : 4);  // Not reached: it is killed while it waits.
  }

  Config MakeConfig() {
    return {.scratch = folder_.path() / "scratch", .cgroup_name = name_, .inside_door = {}};
  }

  // Whether any of `paths` is there.
  static bool AnyOf(const std::vector<base::Path>& paths) {
    return std::ranges::any_of(paths,
                               [](const auto& path) { return std::filesystem::exists(path); });
  }

  testkit::TempFolder folder_;
  std::string name_;
  std::vector<base::Path> trees_;
};

TEST_P(KilledServer, TakesItsSandboxesAndTheirCgroupsWithIt) {
  int ends[2];
  ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
  const base::Fd from(ends[0]);
  base::Fd to(ends[1]);
  const pid_t server = fork();
  if (server == 0) Serve(to.get());
  to.Reset();
  char ready = 0;
  ASSERT_EQ(read(from.get(), &ready, 1), 1);
  ASSERT_NE(*base::ReadFile(trees_.back() / "c-1/cgroup.procs"), "");

  kill(server, SIGKILL);
  waitpid(server, nullptr, 0);
  EXPECT_TRUE(Eventually([&] { return !AnyOf(trees_); }));
}

INSTANTIATE_TEST_SUITE_P(Both, KilledServer, testing::Values(State::kBusy, State::kFrozen));

TEST_P(KilledServer, IsFollowedByOneThatRemovesWhatWasLeft) {
  for (const base::Path& tree : trees_) std::filesystem::create_directories(tree / "c-old");
  auto helpers = Helpers::Start();
  ASSERT_TRUE(helpers);
  asio::io_context io;
  net::BlockingPool pool(1);
  SystemClock clock;
  auto launcher = MakeHostLauncher(io, pool, clock, std::move(*helpers), MakeConfig());
  ASSERT_TRUE(launcher) << launcher.error().Describe();
  for (const base::Path& tree : trees_) EXPECT_FALSE(std::filesystem::exists(tree / "c-old"));
  launcher->reset();
  EXPECT_FALSE(AnyOf(trees_));
}

}  // namespace
}  // namespace ebb::sandbox
