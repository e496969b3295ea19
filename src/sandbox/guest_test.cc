// Processes that join a sandbox: what they see, what they cannot do, how they end; needs root.
#include <algorithm>

#include "sandbox/sandbox_fixture.h"

namespace ebb::sandbox {
namespace {

class GuestTest : public SandboxFixture {
 protected:
  struct Outcome {
    std::string output{};
    std::string errors{};
    int code = -1;
    std::string failure{};
  };

  void SetUp() override {
    SandboxFixture::SetUp();
    if (IsSkipped()) return;
    Code("index.py",
         "import os\n"
         "def handler(event, context):\n"
         "    kinds = ('cgroup', 'ipc', 'mnt', 'net', 'pid', 'user', 'uts')\n"
         "    return ' '.join(os.readlink('/proc/self/ns/' + kind) for kind in kinds)\n");
    sandbox_ = Ready();
    ASSERT_TRUE(sandbox_);
  }
  void TearDown() override {
    sandbox_.reset();
    SandboxFixture::TearDown();
  }

  Result<std::unique_ptr<Guest>> Enter(std::vector<std::string> command,
                                       GuestSpec::Standard standard = GuestSpec::Standard::kPipes) {
    return testkit::RunToEnd(
        io(), shared_host->launcher->Enter(*sandbox_, {std::move(command), standard}, Soon()));
  }
  std::string ReadAll(Guest& guest, Guest::From from) {
    std::string all;
    while (true) {
      auto piece = testkit::RunToEnd(io(), guest.Read(from, Soon()));
      if (!piece || piece->empty()) return all;
      all += *piece;
    }
  }
  Outcome Finish(Guest& guest) {
    Outcome outcome;
    outcome.output = ReadAll(guest, Guest::From::kOutput);
    outcome.errors = ReadAll(guest, Guest::From::kErrors);
    auto code = testkit::RunToEnd(io(), guest.WaitEnd(Soon()));
    if (code) {
      outcome.code = *code;
    } else {
      outcome.failure = code.error().message();
    }
    return outcome;
  }
  Outcome Run(std::vector<std::string> command) {
    auto guest = Enter(std::move(command));
    if (!guest) return {.failure = guest.error().Describe()};
    (*guest)->EndInput();
    return Finish(**guest);
  }
  Outcome Shell(std::string script) { return Run({"/bin/sh", "-c", std::move(script)}); }

  std::unique_ptr<Sandbox> sandbox_;
};

TEST_F(GuestTest, OutputErrorsAndExitCodeComeBack) {
  const Outcome outcome = Shell("echo out; echo err >&2; exit 3");
  EXPECT_EQ(outcome.output, "out\n") << outcome.failure;
  EXPECT_EQ(outcome.errors, "err\n");
  EXPECT_EQ(outcome.code, 3);
}

TEST_F(GuestTest, SignalIsAnExitCodeAsInAShell) { EXPECT_EQ(Shell("kill -9 $$").code, 137); }

TEST_F(GuestTest, InputReachesTheProcess) {
  auto guest = Enter({"cat"});
  ASSERT_TRUE(guest) << guest.error().Describe();
  ASSERT_TRUE(testkit::RunToEnd(io(), (*guest)->Write("hello")));
  (*guest)->EndInput();
  EXPECT_EQ(Finish(**guest).output, "hello");
}

TEST_F(GuestTest, CommandThatIsNotThereIsSaidToBe) {
  EXPECT_EQ(Run({"no-such-program"}).failure,
            "'no-such-program' cannot be run: No such file or directory");
}

TEST_F(GuestTest, IsInTheFunctionsOwnNamespaces) {
  auto of_function = Invoke(*sandbox_, "");
  ASSERT_TRUE(of_function);
  const Outcome guest = Shell(
      "for kind in cgroup ipc mnt net pid user uts; do readlink /proc/self/ns/$kind; done | tr "
      "'\\n' "
      "' '");
  EXPECT_EQ(guest.output, of_function->body + " ");
}

TEST_F(GuestTest, HasNoCapabilitiesNoNewPrivilegesAndTheFilter) {
  const Outcome outcome = Shell(
      "grep -E '^(CapInh|CapPrm|CapEff|CapAmb|NoNewPrivs|Seccomp):' /proc/self/status | "
      "tr -d '[:blank:]' | tr '\\n' ' '");
  EXPECT_EQ(outcome.output,
            "CapInh:0000000000000000 CapPrm:0000000000000000 CapEff:0000000000000000 "
            "CapAmb:0000000000000000 NoNewPrivs:1 Seccomp:2 ");
}

TEST_F(GuestTest, IsTheSandboxesUser) {
  EXPECT_EQ(Shell("id -u; id -g; cat /proc/self/uid_map | tr -s ' '").output.substr(0, 18),
            "1000\n1000\n 1000 19");
}

TEST_F(GuestTest, SeesNoProcessesButTheSandboxes) {
  // The function's, its own shell and what the shell starts.
  EXPECT_EQ(Shell("for p in /proc/[0-9]*; do cat $p/comm; done | grep -cv -E '^(sh|cat|grep|python3"
                  "|zygote.py|ebb.*)$'")
                .output,
            "0\n");
}

TEST_F(GuestTest, CannotMakeNamespacesMountOrTrace) {
  EXPECT_NE(Shell("unshare --user true").code, 0);
  EXPECT_NE(Shell("mount -t tmpfs none /tmp").code, 0);
  EXPECT_NE(Shell("nsenter --target 1 --mount true").code, 0);
}

TEST_F(GuestTest, CannotWriteTheCodeOrTheRuntime) {
  EXPECT_NE(Shell("echo x > /code/index.py").code, 0);
  EXPECT_NE(Shell("echo x > /usr/bin/x").code, 0);
  EXPECT_EQ(Shell("echo x > /tmp/x").code, 0);
}

TEST_F(GuestTest, HasNoDescriptorsButItsStandardOnes) {
  EXPECT_EQ(Shell("ls /proc/$$/fd; true").output, "0\n1\n2\n");
}

TEST_F(GuestTest, CountsAgainstTheSandboxesMemory) {
  const Outcome outcome =
      Run({"/usr/bin/python3", "-c", "x = bytearray(512 << 20); print(len(x))"});
  EXPECT_EQ(outcome.output, "");
  EXPECT_EQ(outcome.code, 137) << outcome.failure;
}

TEST_F(GuestTest, TerminalIsOne) {
  auto guest = Enter({"/bin/sh", "-c", "test -t 0 && test -t 1 && test -t 2 && stty size"},
                     GuestSpec::Standard::kTerminal);
  ASSERT_TRUE(guest) << guest.error().Describe();
  const Outcome outcome = Finish(**guest);
  EXPECT_EQ(outcome.output, "24 80\r\n") << outcome.failure;
  EXPECT_EQ(outcome.code, 0);
}

TEST_F(GuestTest, TerminalControlsItsSession) {
  // `read` is the shell's own: a program could be hit between its fork and its exec, and go on.
  auto guest = Enter({"/bin/sh", "-c", "echo ready; read line"}, GuestSpec::Standard::kTerminal);
  ASSERT_TRUE(guest) << guest.error().Describe();
  EXPECT_EQ(*testkit::RunToEnd(io(), (*guest)->Read(Guest::From::kOutput, Soon())), "ready\r\n");
  ASSERT_TRUE(testkit::RunToEnd(io(), (*guest)->Write("\x03")));  // Ctrl-C
  EXPECT_EQ(Finish(**guest).code, 130);
}

TEST_F(GuestTest, EndsWithTheSandbox) {
  auto guest = Enter({"sleep", "1000"});
  ASSERT_TRUE(guest) << guest.error().Describe();
  sandbox_.reset();
  EXPECT_EQ(Finish(**guest).code, 137);
}

TEST_F(GuestTest, CannotEnterASandboxThatHasEnded) {
  Code("index.py", "import os\ndef handler(event, context): os._exit(1)\n");
  sandbox_ = Ready();
  ASSERT_TRUE(sandbox_);
  EXPECT_FALSE(Invoke(*sandbox_, ""));
  EXPECT_FALSE(Enter({"true"}));
}

TEST_F(GuestTest, FunctionGoesOnAfterItsGuests) {
  for (int i = 0; i < 5; ++i) EXPECT_EQ(Shell("true").code, 0);
  EXPECT_TRUE(Invoke(*sandbox_, ""));
}

TEST_F(GuestTest, JoinsSandboxesOfProgramsToo) {
  Code("bootstrap", "#!/bin/sh\nexec sleep 1000\n");
  std::filesystem::permissions(folder_.path() / "code/bootstrap", std::filesystem::perms(0755));
  auto custom = Launch(MakeSpec(Runtime::kCustom));
  ASSERT_TRUE(custom) << custom.error().Describe();
  sandbox_ = std::move(*custom);
  EXPECT_EQ(Shell("id -u").output, "1000\n");
}

}  // namespace
}  // namespace ebb::sandbox
