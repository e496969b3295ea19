// Functions that do what they should not, in real sandboxes; needs root.
#include <fstream>

#include "sandbox/sandbox_fixture.h"

namespace ebb::sandbox {
namespace {

class FaultyFunction : public SandboxFixture {
 protected:
  Result<Reply> Run(const std::string& body, Deadline deadline = Soon()) {
    return Run(body, MakeSpec(), deadline);
  }
  Result<Reply> Run(const std::string& body, Spec spec, Deadline deadline = Soon()) {
    Code("index.py",
         "import ctypes, os, socket, struct, subprocess, sys, threading, time\n"
         "def handler(event, context):\n" +
             body);
    sandbox_ = Ready(std::move(spec));
    if (!sandbox_) return Fail(Error::Internal("not ready"));
    return Invoke(*sandbox_, "", deadline);
  }
  // The error that a call must end with.
  Error Broken(const Result<Reply>& reply) {
    if (reply) return Error::Internal("it answered " + reply->body);
    EXPECT_FALSE(sandbox_->alive());
    return reply.error();
  }
  void TearDown() override {
    sandbox_.reset();
    SandboxFixture::TearDown();
  }

  std::unique_ptr<Sandbox> sandbox_;
};

TEST_F(FaultyFunction, ThatExitsIsReportedWithItsLastWords) {
  EXPECT_EQ(Broken(Run("    print('bye')\n    sys.exit(3)\n")).code(), "ProcessExited");
  EXPECT_EQ(output_, "bye\n");
}

TEST_F(FaultyFunction, ThatExitsAtOnceIsReported) {
  EXPECT_EQ(Broken(Run("    os._exit(0)\n")).code(), "ProcessExited");
}

TEST_F(FaultyFunction, ThatCrashesIsReported) {
  EXPECT_EQ(Broken(Run("    ctypes.string_at(0)\n")).code(), "ProcessExited");
}

TEST_F(FaultyFunction, ThatLoopsForEverIsKilledAtItsDeadline) {
  const Error error = Broken(Run("    while True: pass\n", In(Millis(300))));
  EXPECT_EQ(error.kind(), ErrorKind::kFunctionTimeout) << error.Describe();
}

TEST_F(FaultyFunction, ThatLoopsWhileItLoadsIsKilledAtItsDeadline) {
  Code("index.py", "while True: pass\n");
  auto sandbox = Launch(MakeSpec());
  ASSERT_TRUE(sandbox);
  auto loaded = Initialize(**sandbox, In(Millis(300)));
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().kind(), ErrorKind::kFunctionTimeout);
  EXPECT_FALSE((*sandbox)->alive());
}

TEST_F(FaultyFunction, ThatForksWithoutEndIsStoppedByItsProcessLimit) {
  Spec spec = MakeSpec();
  spec.max_processes = 32;
  auto reply =
      Run("    n = 1\n"
          "    try:\n"
          "        while True:\n"
          "            if os.fork() == 0: time.sleep(1000)\n"
          "            n += 1\n"
          "    except BlockingIOError:\n"
          "        return str(n)\n",
          spec);
  ASSERT_TRUE(reply) << reply.error().Describe();
  EXPECT_EQ(reply->body, "32");
}

TEST_F(FaultyFunction, ThatIsAForkBombDiesAtItsDeadline) {
  Spec spec = MakeSpec();
  spec.max_processes = 256;
  spec.memory = Mebibytes(2048);  // It is time that runs out, not memory.
  spec.cpu = MilliCpu(100);       // All of them must be able to end in a tenth of a core's time.
  const Error error =
      Broken(Run("    while True:\n        try: os.fork()\n        except OSError: pass\n", spec,
                 In(Millis(500))));
  EXPECT_EQ(error.kind(), ErrorKind::kFunctionTimeout) << error.Describe();
}

TEST_F(FaultyFunction, ThatEatsMemoryDiesAndSaysSo) {
  const Error error = Broken(Run("    x = []\n    while True: x.append(bytearray(1 << 20))\n"));
  EXPECT_EQ(error.code(), "FunctionOOMError") << error.Describe();
  EXPECT_EQ(error.kind(), ErrorKind::kFunctionFailed);
}

TEST_F(FaultyFunction, WhoseChildEatsMemoryDiesWhole) {
  const Error error =
      Broken(Run("    eat = 'x = []\\nwhile True: x.append(bytearray(1 << 20))'\n"
                 "    subprocess.run(['/usr/bin/python3', '-c', eat])\n"
                 "    time.sleep(1000)\n"));
  EXPECT_EQ(error.code(), "FunctionOOMError") << error.Describe();
}

TEST_F(FaultyFunction, ThatFillsTmpBeyondItsMemoryDiesOfMemory) {
  Spec spec = MakeSpec();
  spec.disk = Mebibytes(512);
  const Error error =
      Broken(Run("    with open('/tmp/x', 'wb', 0) as f:\n"
                 "        while True: f.write(bytes(1 << 20))\n",
                 spec));
  EXPECT_EQ(error.code(), "FunctionOOMError") << error.Describe();
}

TEST_F(FaultyFunction, ThatFillsTmpGetsTheErrorAndLives) {
  auto reply =
      Run("    try:\n"
          "        with open('/tmp/x', 'wb', 0) as f:\n"
          "            while True: f.write(bytes(1 << 20))\n"
          "    except OSError as e:\n"
          "        return e.strerror\n");
  ASSERT_TRUE(reply) << reply.error().Describe();
  EXPECT_EQ(reply->body, "No space left on device");
}

std::int64_t OwnMemoryKib() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    if (word == "VmRSS:") {
      std::int64_t kib = 0;
      status >> kib;
      return kib;
    }
  }
  return 0;
}

TEST_F(FaultyFunction, ThatPrintsAGigabyteNeitherHangsNorGrowsTheServer) {
  Code("index.py",
       "import os\n"
       "def handler(e, c):\n"
       "    block = bytes(1 << 20)\n"
       "    for i in range(1024):\n"
       "        left = memoryview(block)\n"
       "        while left: left = left[os.write(1, left):]\n"
       "    return 'done'\n");
  std::uint64_t printed = 0;
  auto sandbox = Launch(MakeSpec(), [&](std::string_view bytes) { printed += bytes.size(); });
  ASSERT_TRUE(sandbox);
  ASSERT_TRUE(Initialize(**sandbox));
  const std::int64_t before = OwnMemoryKib();
  auto reply = Invoke(**sandbox, "");
  ASSERT_TRUE(reply) << reply.error().Describe();
  EXPECT_EQ(reply->body, "done");
  EXPECT_EQ(printed, 1ULL << 30);
  EXPECT_LT(OwnMemoryKib() - before, 4096);
}

TEST_F(FaultyFunction, ThatLeavesAChildPrintingForEverStillAnswers) {
  auto reply = Run("    subprocess.Popen(['yes'])\n    return 'left'\n");
  ASSERT_TRUE(reply) << reply.error().Describe();
  EXPECT_EQ(reply->body, "left");
  EXPECT_TRUE(Invoke(*sandbox_, ""));
}

TEST_F(FaultyFunction, ThatForksInsideTheHandlerAnswersOnce) {
  auto reply = Run("    return 'parent' if os.fork() else 'child'\n");
  ASSERT_TRUE(reply) << reply.error().Describe();
  EXPECT_EQ(reply->body, "parent");
  EXPECT_EQ(Invoke(*sandbox_, "")->body, "parent");
}

// Writes frames of its own to the channel.
constexpr const char* kForge =
    "    def frame(kind, header, body=b''):\n"
    "        return struct.pack('<IcI', 5 + len(header) + len(body), kind, len(header)) + header + "
    "body\n";

TEST_F(FaultyFunction, CannotAnswerForAnotherRequest) {
  auto reply = Run(std::string(kForge) +
                   "    os.write(3, frame(b'A', b'{\"requestId\":\"other\",\"ok\":true}', b'no'))\n"
                   "    os.write(3, frame(b'Z', b'', b'no'))\n"
                   "    os.write(3, frame(b'A', b'not json', b'no'))\n"
                   "    return 'yes'\n");
  ASSERT_TRUE(reply) << reply.error().Describe();
  EXPECT_EQ(reply->body, "yes");
  EXPECT_EQ(Invoke(*sandbox_, "")->body, "yes");
}

TEST_F(FaultyFunction, ThatSendsAFrameOverTheLimitIsKilled) {
  const Error error =
      Broken(Run("    os.write(3, struct.pack('<IcI', 0xffffffff, b'A', 0))\n"
                 "    time.sleep(1000)\n"));
  EXPECT_EQ(error.kind(), ErrorKind::kFunctionFailed) << error.Describe();
}

TEST_F(FaultyFunction, ThatSendsAFrameWithABrokenHeaderLengthIsKilled) {
  const Error error =
      Broken(Run("    os.write(3, struct.pack('<IcI', 10, b'A', 9))\n    time.sleep(1000)\n"));
  EXPECT_EQ(error.kind(), ErrorKind::kFunctionFailed) << error.Describe();
}

TEST_F(FaultyFunction, ThatClosesItsChannelIsOver) {
  const Error error = Broken(Run("    os.close(3)\n    time.sleep(1000)\n"));
  EXPECT_EQ(error.code(), "ProcessExited") << error.Describe();
}

TEST_F(FaultyFunction, ThatReturnsMoreThanTheLimitIsToldSo) {
  Spec spec = MakeSpec();
  spec.memory = Mebibytes(512);
  auto reply = Run("    return bytes(33 << 20)\n", spec);
  ASSERT_TRUE(reply) << reply.error().Describe();
  EXPECT_FALSE(reply->ok);
  EXPECT_NE(reply->body.find("ResponseTooLarge"), std::string::npos) << reply->body;
}

TEST_F(FaultyFunction, CannotEndTheServerOrOtherSandboxesBySignals) {
  auto reply =
      Run("    got = []\n"
          "    for pid in (-1, 2, 100, os.getppid() or 3):\n"
          "        try: os.kill(pid, 9); got.append('killed')\n"
          "        except OSError as e: got.append(str(e.errno))\n"
          "    return ' '.join(got)\n");
  ASSERT_TRUE(reply) << reply.error().Describe();
  EXPECT_EQ(reply->body, "3 3 3 3");
}

}  // namespace
}  // namespace ebb::sandbox
