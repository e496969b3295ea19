// Several sandboxes at once, and launches that are given up; needs root.
#include <fmt/format.h>

#include "net/task_group.h"
#include "net/timing.h"
#include "sandbox/sandbox_fixture.h"

namespace ebb::sandbox {
namespace {

class Launching : public SandboxFixture {
 protected:
  // What fails is told by its answer missing: when cancelled it must fail.
  Task<void> LaunchOne(Spec spec, std::vector<std::string>& answers) {
    Call call;
    call.request_id = spec.id;
    call.payload = spec.id;
    auto sandbox = co_await shared_host->launcher->Launch(std::move(spec), [](auto) {}, Soon());
    if (!sandbox) co_return;
    auto loaded = co_await (*sandbox)->Initialize(Soon());
    if (!loaded) co_return;
    auto reply = co_await (*sandbox)->Invoke(std::move(call), Soon());
    if (reply) answers.push_back(reply->body);
  }
};

TEST_F(Launching, FortyAtOnceAllAnswerForThemselves) {
  Code("index.py", "def handler(e, c): return e.decode() + ' for ' + c.request_id\n");
  net::TaskGroup tasks(io());
  std::vector<std::string> answers;
  std::set<std::string> expected;
  for (int i = 0; i < 40; ++i) {
    Spec spec = MakeSpec();
    expected.insert(spec.id + " for " + spec.id);
    tasks.Spawn("launch", LaunchOne(std::move(spec), answers));
  }
  io().restart();
  while (tasks.running() > 0 && io().run_one() > 0) {
  }
  EXPECT_EQ(std::set<std::string>(answers.begin(), answers.end()), expected);
}

TEST_F(Launching, GivenUpAtAnyMomentLeavesNothing) {
  Code("index.py", "def handler(e, c): return e\n");
  // One more step of the loop each time, until the launch gets through.
  std::vector<std::string> answers;
  for (int steps = 0; answers.empty(); ++steps) {
    net::TaskGroup tasks(io());
    tasks.Spawn("launch", LaunchOne(MakeSpec(), answers));
    io().restart();
    for (int i = 0; i < steps && tasks.running() > 0; ++i) io().run_one();
    testkit::RunToEnd(io(), tasks.Stop());
  }
  TearDownTestSuite();  // Waits for what is left of all of them.
  EXPECT_EQ(CountGroups(), 0);
  SetUpTestSuite();
}

TEST_F(Launching, RefusesVariablesThatNoProgramCanGet) {
  Spec spec = MakeSpec();
  spec.environment["A"] = std::string("b\0C=d", 5);
  auto sandbox = Launch(spec);
  ASSERT_FALSE(sandbox);
  EXPECT_EQ(sandbox.error().message(), "the environment variable 'A' cannot be set");
}

TEST_F(Launching, FailsWithinItsDeadline) {
  Code("index.py", "def handler(e, c): return e\n");
  auto sandbox = testkit::RunToEnd(
      io(), shared_host->launcher->Launch(MakeSpec(), [](auto) {}, Deadline(TimePoint())));
  ASSERT_FALSE(sandbox);
  EXPECT_EQ(sandbox.error().kind(), ErrorKind::kDeadline);
}

// What a stem was booted with and what a function asks for differ in everything that can differ.
TEST_F(Launching, AStemBecomesWhatTheSpecSays) {
  Code("index.py",
       "import os, socket\n"
       "def handler(e, c):\n"
       "    s = os.statvfs('/tmp')\n"
       "    return '|'.join([socket.gethostname(), os.getcwd(), str(s.f_frsize * s.f_blocks >> "
       "20),\n"
       "                     os.environ['FC_INSTANCE_ID'], os.environ.get('EBB_STEM', '-'),\n"
       "                     os.environ['COLOUR'], ','.join(sorted(os.listdir('/code')))])\n");
  ASSERT_TRUE(Ready());  // Stems have had time to boot then.
  for (int i = 0; i < 10; ++i) {
    Spec spec = MakeSpec();
    spec.disk = Mebibytes(100 + i);
    spec.environment["COLOUR"] = "blue";
    const std::string id = spec.id;
    auto sandbox = Ready(std::move(spec));
    ASSERT_TRUE(sandbox);
    auto reply = Invoke(*sandbox, "");
    ASSERT_TRUE(reply) << reply.error().Describe();
    EXPECT_EQ(reply->body, fmt::format("{0}|/code|{1}|{0}|-|blue|index.py", id, 100 + i));
  }
}

}  // namespace
}  // namespace ebb::sandbox
