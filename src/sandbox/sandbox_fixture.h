// sandbox/sandbox_fixture.h
// For tests: a real launcher on this machine.  Needs root, and says so.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <optional>
#include <set>
#include <string>

#include "sandbox/cgroup.h"
#include "sandbox/host.h"
#include "testkit/run_task.h"
#include "testkit/temp_folder.h"

namespace ebb::sandbox {

// Long enough for a loaded machine: no test waits this long unless something is broken.
inline Deadline Soon() {
  return Deadline(std::chrono::steady_clock::now() + std::chrono::seconds(60));
}
inline Deadline In(Millis time) { return Deadline(std::chrono::steady_clock::now() + time); }

// A launcher and what it stands on.
struct Host {
  // Errors: as Helpers::Start and MakeHostLauncher.
  static Result<std::unique_ptr<Host>> Start(InsideDoor door = {}, bool prepare_ahead = true) {
    auto helpers = Helpers::Start();  // Before the pool's thread exists, as in main.
    if (!helpers) return Fail(helpers.error());
    auto host = std::make_unique<Host>();
    host->pool.emplace(1);
    Config config{.scratch = host->folder.path() / "scratch",
                  .cgroup_name = "ebb-test-" + std::to_string(getpid()),
                  .inside_door = std::move(door),
                  .prepare_ahead = prepare_ahead};
    auto launcher = MakeHostLauncher(host->io, *host->pool, host->clock, std::move(*helpers),
                                     std::move(config));
    if (!launcher) return Fail(launcher.error());
    host->launcher = std::move(*launcher);
    return host;
  }

  ~Host() {
    if (launcher) testkit::RunToEnd(io, launcher->Stop());
  }

  testkit::TempFolder folder;
  SystemClock clock;
  asio::io_context io;
  std::optional<net::BlockingPool> pool;
  std::unique_ptr<Launcher> launcher;
};

// How many sandboxes have a cgroup below `name`.
inline int CountGroups(const std::string& name = "ebb-test-" + std::to_string(getpid())) {
  auto mounts = FindCgroups(*base::ReadFile("/proc/self/mountinfo"));
  const base::Path at = (mounts->v2.empty() ? mounts->v1.memory : mounts->v2) / name;
  int count = 0;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(at, error)) {
    count += entry.is_directory();
  }
  return count;
}

// The tests of a suite share a launcher, since starting one takes a tenth of a second.
class SandboxFixture : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (geteuid() != 0) return;
    auto host = Host::Start();
    ASSERT_TRUE(host) << host.error().Describe();
    shared_host = std::move(*host);
  }
  static void TearDownTestSuite() { shared_host.reset(); }

  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "needs root, as ebb serve does";
    ASSERT_TRUE(shared_host);
  }

  // Writes a file of the code package.
  void Code(const std::string& name, const std::string& content) {
    const base::Path path = folder_.path() / "code" / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << content;
  }

  Spec MakeSpec(Runtime runtime = Runtime::kPython) {
    Spec spec;
    spec.id = "c-" + std::to_string(++launches);
    spec.runtime = runtime;
    spec.code = folder_.path() / "code";
    spec.handler = "index.handler";
    spec.cpu = MilliCpu(1000);
    spec.memory = Mebibytes(256);
    spec.disk = Mebibytes(64);
    return spec;
  }

  asio::io_context& io() { return shared_host->io; }

  Result<std::unique_ptr<Sandbox>> Launch(Spec spec) {
    return Launch(std::move(spec), [this](std::string_view bytes) { output_ += bytes; });
  }
  Result<std::unique_ptr<Sandbox>> Launch(Spec spec, OutputSink sink) {
    return testkit::RunToEnd(
        io(), shared_host->launcher->Launch(std::move(spec), std::move(sink), Soon()));
  }
  Result<void> Initialize(Sandbox& sandbox, Deadline deadline = Soon()) {
    return testkit::RunToEnd(io(), sandbox.Initialize(deadline));
  }
  Result<Reply> Invoke(Sandbox& sandbox, std::string payload, Deadline deadline = Soon()) {
    Call call;
    call.request_id = "request-" + std::to_string(++calls_);
    call.payload = std::move(payload);
    return testkit::RunToEnd(io(), sandbox.Invoke(std::move(call), deadline));
  }

  // Launched and initialized, from the files written by Code.
  std::unique_ptr<Sandbox> Ready(Spec spec) {
    auto sandbox = Launch(std::move(spec));
    if (!sandbox) {
      ADD_FAILURE() << sandbox.error().Describe();
      return nullptr;
    }
    auto loaded = Initialize(**sandbox);
    EXPECT_TRUE(loaded) << loaded.error().Describe() << "\n" << output_;
    return std::move(*sandbox);
  }
  std::unique_ptr<Sandbox> Ready() { return Ready(MakeSpec()); }

  static inline std::unique_ptr<Host> shared_host;
  testkit::TempFolder folder_;
  std::string output_;  // Of all the test's sandboxes.
  static inline int launches = 0;
  int calls_ = 0;
};

}  // namespace ebb::sandbox
