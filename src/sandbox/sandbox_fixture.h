// sandbox/sandbox_fixture.h
// For tests: a real launcher on this machine.  Needs root, and says so.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <string>

#include "sandbox/host.h"
#include "testkit/run_task.h"
#include "testkit/temp_folder.h"

namespace ebb::sandbox {

// Long enough for a loaded machine: no test waits this long unless something is broken.
inline Deadline Soon() {
  return Deadline(std::chrono::steady_clock::now() + std::chrono::seconds(60));
}

class SandboxFixture : public testing::Test {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "needs root, as ebb serve does";
    // Before the pool's threads exist, as in main.
    auto helpers = Helpers::Start();
    ASSERT_TRUE(helpers) << helpers.error().Describe();
    io_.emplace();
    pool_.emplace(1);
    auto launcher = MakeHostLauncher(*io_, *pool_, clock_, std::move(*helpers), MakeConfig());
    ASSERT_TRUE(launcher) << launcher.error().Describe();
    launcher_ = std::move(*launcher);
  }

  void TearDown() override {
    launcher_.reset();
    pool_.reset();
    io_.reset();
  }

  virtual Config MakeConfig() {
    return {.scratch = folder_.path() / "scratch",
            .cgroup_name = "ebb-test-" + std::to_string(getpid()),
            .inside_door = {}};
  }

  // Writes a file of the code package.
  void Code(const std::string& name, const std::string& content) {
    const base::Path path = folder_.path() / "code" / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << content;
  }

  Spec MakeSpec(Runtime runtime = Runtime::kPython) {
    Spec spec;
    spec.id = "c-" + std::to_string(++launches_);
    spec.runtime = runtime;
    spec.code = folder_.path() / "code";
    spec.handler = "index.handler";
    spec.cpu = MilliCpu(1000);
    spec.memory = Mebibytes(256);
    spec.disk = Mebibytes(64);
    return spec;
  }

  Result<std::unique_ptr<Sandbox>> Launch(Spec spec) {
    return testkit::RunToEnd(
        *io_, launcher_->Launch(
                  std::move(spec), [this](std::string_view bytes) { output_ += bytes; }, Soon()));
  }
  Result<void> Initialize(Sandbox& sandbox, Deadline deadline = Soon()) {
    return testkit::RunToEnd(*io_, sandbox.Initialize(deadline));
  }
  Result<Reply> Invoke(Sandbox& sandbox, std::string payload, Deadline deadline = Soon()) {
    Call call;
    call.request_id = "request-" + std::to_string(++calls_);
    call.payload = std::move(payload);
    return testkit::RunToEnd(*io_, sandbox.Invoke(std::move(call), deadline));
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

  testkit::TempFolder folder_;
  SystemClock clock_;
  std::optional<asio::io_context> io_;
  std::optional<net::BlockingPool> pool_;
  std::unique_ptr<Launcher> launcher_;
  std::string output_;  // Of all sandboxes.
  int launches_ = 0;
  int calls_ = 0;
};

}  // namespace ebb::sandbox
