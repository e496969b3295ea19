// Real sandboxes with Python in them; needs root.
#include <chrono>

#include "base/json.h"
#include "sandbox/sandbox_fixture.h"

namespace ebb::sandbox {
namespace {

class PythonSandbox : public SandboxFixture {
 protected:
  // The answer to one call of a handler with this body.
  Reply Run(const std::string& body, std::string payload = "") {
    Code("index.py", "import json, logging, os, sys\ndef handler(event, context):\n" + body);
    auto sandbox = Ready();
    if (!sandbox) return {};
    auto reply = Invoke(*sandbox, std::move(payload));
    if (!reply) {
      ADD_FAILURE() << reply.error().Describe() << "\n" << output_;
      return {};
    }
    return *reply;
  }
};

TEST_F(PythonSandbox, AnswersWithTheBytesThatTheHandlerReturns) {
  EXPECT_EQ(Run("    return b'hello ' + event\n", "world").body, "hello world");
}

// Answers how often it was called, and with what.
constexpr const char* kCounting =
    "seen = []\ndef handler(e, c):\n    seen.append(len(e))\n    return seen\n";

TEST_F(PythonSandbox, CallThatWasExpectedRunsOnceAndThoseAfterItToo) {
  Code("index.py", kCounting);
  for (const std::size_t size : {std::size_t{3}, std::size_t{1} << 20}) {  // Sent along, or not.
    auto sandbox = Launch(MakeSpec());
    ASSERT_TRUE(sandbox);
    Call call;
    call.request_id = "first";
    call.payload = std::string(size, 'x');
    (*sandbox)->Expect(call);
    ASSERT_TRUE(Initialize(**sandbox));
    auto first = testkit::RunToEnd(io(), (*sandbox)->Invoke(call, Soon()));
    ASSERT_TRUE(first) << first.error().Describe();
    EXPECT_EQ(first->body, "[" + std::to_string(size) + "]");
    auto second = Invoke(**sandbox, "1234");
    ASSERT_TRUE(second);
    EXPECT_EQ(second->body, "[" + std::to_string(size) + ", 4]");
  }
}

TEST_F(PythonSandbox, ExpectedCallOfCodeThatCannotBeLoadedIsNeverRun) {
  Code("index.py", "raise OSError('no database')\n");
  auto sandbox = Launch(MakeSpec());
  ASSERT_TRUE(sandbox);
  (*sandbox)->Expect(Call());
  auto loaded = Initialize(**sandbox);
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().kind(), ErrorKind::kFunctionFailed);
}

TEST_F(PythonSandbox, AnswersTextAsUtf8AndAnythingElseAsJson) {
  EXPECT_EQ(Run("    return 'gr\\u00fc\\u00df'\n").body, "gr\xc3\xbc\xc3\x9f");
  EXPECT_EQ(Run("    return {'a': [1, None]}\n").body, "{\"a\": [1, null]}");
  EXPECT_EQ(Run("    pass\n").body, "null");
}

TEST_F(PythonSandbox, PassesEventsAndAnswersOfAnyBytesAndSize) {
  std::string all;
  for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
  std::string large;
  while (large.size() < std::size_t{6} << 20) large += all;
  EXPECT_TRUE(Run("    return event\n", large).body == large);
}

TEST_F(PythonSandbox, GivesTheHandlerFcsContext) {
  Code("index.py",
       "def handler(event, c):\n"
       "    return '|'.join(map(str, [c.request_id == c.requestId, "
       "c.credentials.access_key_id, c.credentials.accessKeySecret, c.credentials.security_token,"
       "c.function.name, c.function.memory, c.function.versionId, c.service.logProject, "
       "c.service.log_store, c.region, c.account_id, c.accountId, c.retry_count, "
       "c.tracing.span_context, c.logger.name]))\n");
  Spec spec = MakeSpec();
  spec.context_json =
      R"({"function":{"name":"f","handler":"index.handler","memory":256,"timeout":3,)"
      R"("versionId":"LATEST"},"service":{"logProject":"p","logStore":"s"},)"
      R"("region":"local","accountId":"1234"})";
  auto sandbox = Ready(spec);
  ASSERT_TRUE(sandbox);
  Call call{.request_id = "r",
            .payload = {},
            .access_key_id = "id",
            .access_key_secret = "secret",
            .security_token = "token",
            .retry_count = 2};
  auto reply = testkit::RunToEnd(io(), sandbox->Invoke(call, Soon()));
  ASSERT_TRUE(reply) << reply.error().Describe();
  EXPECT_EQ(reply->body, "True|id|secret|token|f|256|LATEST|p|s|local|1234|1234|2||root");
}

TEST_F(PythonSandbox, HasTheFunctionsEnvironmentAndNothingElse) {
  Code("index.py",
       "import os\n"
       "def handler(e, c): return ' '.join(f'{k}={v}' for k, v in sorted(os.environ.items()))\n");
  Spec spec = MakeSpec();
  spec.environment = {{"COLOUR", "blue"}, {"HOME", "/tmp/home"}};
  auto sandbox = Ready(spec);
  ASSERT_TRUE(sandbox);
  EXPECT_EQ(Invoke(*sandbox, "")->body, "COLOUR=blue FC_INSTANCE_ID=" + spec.id +
                                            " HOME=/tmp/home LANG=C.UTF-8 "
                                            "PATH=/opt/bin:/usr/local/bin:/usr/bin:/bin");
}

TEST_F(PythonSandbox, KeepsItsStateBetweenCalls) {
  Code("index.py", "n = 0\ndef handler(e, c):\n    global n\n    n += 1\n    return str(n)\n");
  auto sandbox = Ready();
  ASSERT_TRUE(sandbox);
  EXPECT_EQ(Invoke(*sandbox, "")->body, "1");
  EXPECT_EQ(Invoke(*sandbox, "")->body, "2");
}

TEST_F(PythonSandbox, FindsHandlersInFoldersAndImportsFromThePackageAndFromDebian) {
  Code("lib/__init__.py", "");
  Code("lib/more.py", "WORD = 'found'\n");
  Code("src/app.py",
       "from lib import more\nimport PIL.Image\ndef run(e, c): return more.WORD + PIL.__name__\n");
  Spec spec = MakeSpec();
  spec.handler = "src/app.run";
  auto sandbox = Ready(spec);
  ASSERT_TRUE(sandbox);
  EXPECT_EQ(Invoke(*sandbox, "")->body, "foundPIL");
}

TEST_F(PythonSandbox, ReportsWhatTheHandlerRaisesInFcsForm) {
  const Reply reply = Run("    raise ValueError('no good')\n");
  EXPECT_FALSE(reply.ok);
  EXPECT_EQ(reply.error_type, "UnhandledInvocationError");
  EXPECT_EQ(reply.body, R"_({"errorMessage": "no good", "errorType": "ValueError", "stackTrace": )_"
                        R"_([["File \"/code/index.py\"", "line 3", "in handler", )_"
                        R"_("raise ValueError('no good')"]]})_");
  EXPECT_NE(output_.find("Traceback"), std::string::npos);
  EXPECT_EQ(output_.find("/ebb"), std::string::npos) << output_;
}

TEST_F(PythonSandbox, ReportsResultsThatAreNotJson) {
  const Reply reply = Run("    return {1, 2}\n");
  EXPECT_FALSE(reply.ok);
  EXPECT_NE(reply.body.find("\"errorType\": \"TypeError\""), std::string::npos) << reply.body;
}

TEST_F(PythonSandbox, StaysUsableAfterAnError) {
  Code("index.py", "def handler(e, c): return str(1 / int(e))\n");
  auto sandbox = Ready();
  ASSERT_TRUE(sandbox);
  EXPECT_FALSE(Invoke(*sandbox, "0")->ok);
  EXPECT_EQ(Invoke(*sandbox, "1")->body, "1.0");
}

struct BadCode {
  const char* handler;
  const char* code;
  const char* message;
};

class PythonSandboxLoading : public SandboxFixture, public testing::WithParamInterface<BadCode> {};

TEST_P(PythonSandboxLoading, SaysWhyTheCodeCannotBeLoaded) {
  Code("index.py", GetParam().code);
  Spec spec = MakeSpec();
  spec.handler = GetParam().handler;
  auto sandbox = Launch(spec);
  ASSERT_TRUE(sandbox) << sandbox.error().Describe();
  auto loaded = Initialize(**sandbox);
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().kind(), ErrorKind::kFunctionFailed);
  EXPECT_NE(loaded.error().message().find(GetParam().message), std::string::npos)
      << loaded.error().message();
}

INSTANTIATE_TEST_SUITE_P(
    All, PythonSandboxLoading,
    testing::Values(
        BadCode{"nothing.handler", "", "No module named 'nothing'"},
        BadCode{"index.missing", "", "Handler 'missing' is missing in module 'index'"},
        BadCode{"index", "", "it must look like module.function"},
        BadCode{"index.handler", "import nowhere\n", "No module named 'nowhere'"},
        BadCode{"index.handler", "def handler(:\n", "SyntaxError"},
        BadCode{"index.handler", "raise RuntimeError('not today')\n", "RuntimeError: not today"},
        BadCode{"index.handler", "import sys; sys.exit(4)\n", "it called exit(4)"},
        BadCode{"index.handler", "import os; os._exit(4)\n", "Process exited unexpectedly"}),
    [](const auto& info) { return "Case" + std::to_string(info.index); });

TEST_F(PythonSandbox, HandsOverEverythingPrintedBeforeTheAnswer) {
  Run("    print('one')\n"
      "    print('two', file=sys.stderr)\n"
      "    os.write(1, b'three\\n')\n");
  EXPECT_EQ(output_, "one\ntwo\nthree\n");
}

TEST_F(PythonSandbox, FormatsLoggingAsFcDoes) {
  Run("    logging.getLogger('x').warning('careful %d', 1)\n    context.logger.info('fine')\n");
  // 2026-11-24T22:00:00.000Z request-1 [warning] careful 1
  EXPECT_EQ(output_.find("Z request-1 [warning] careful 1\n"), 23U) << output_;
  EXPECT_NE(output_.find("Z request-1 [info] fine\n"), std::string::npos) << output_;
}

TEST_F(PythonSandbox, SharesNoRandomnessWithOtherSandboxes) {
  Code("index.py",
       "import random, uuid\ndef handler(e, c): return f'{random.random()} {uuid.uuid4()}'\n");
  auto one = Ready();
  auto two = Ready();
  ASSERT_TRUE(one && two);
  EXPECT_NE(Invoke(*one, "")->body, Invoke(*two, "")->body);
}

TEST_F(PythonSandbox, RunsThreadsAndProcessesAndPools) {
  EXPECT_EQ(Run("    import concurrent.futures as f, multiprocessing as m, subprocess as s\n"
                "    with f.ThreadPoolExecutor(4) as p: a = sum(p.map(abs, range(10)))\n"
                "    with m.get_context('fork').Pool(2) as p: b = sum(p.map(abs, range(10)))\n"
                "    with m.get_context('spawn').Pool(1) as p: b += sum(p.map(abs, [1]))\n"
                "    c = s.run('echo 45', shell=True, capture_output=True).stdout.decode()\n"
                "    return f'{a} {b} {c}'\n")
                .body,
            "45 46 45\n");
}

}  // namespace
}  // namespace ebb::sandbox
