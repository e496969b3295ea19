// Initializers, last hooks and health checks in real sandboxes; needs root.
#include <sys/stat.h>

#include "net/timing.h"
#include "sandbox/sandbox_fixture.h"

namespace ebb::sandbox {
namespace {

class HookSandboxTest : public SandboxFixture {
 protected:
  Result<void> RunHook(Sandbox& sandbox, HookKind kind, std::string handler,
                       Deadline deadline = Soon()) {
    Hook hook{.kind = kind, .handler = std::move(handler), .call = {}};
    hook.call.request_id = "request-hook";
    hook.call.access_key_id = "STS.1";
    return testkit::RunToEnd(io(), sandbox.RunHook(std::move(hook), deadline));
  }
  Spec Custom(const std::string& server) {
    Code("server.py", server);
    Spec spec = MakeSpec(Runtime::kCustom);
    spec.command = {"/usr/bin/python3", "-I", "/code/server.py"};
    spec.context_json = R"({"function":{"name":"web"}})";
    return spec;
  }
};

TEST_F(HookSandboxTest, PythonHooksAreCalledWithTheContext) {
  Code("index.py",
       "state = []\n"
       "def init(context):\n"
       "    state.append(context.request_id + context.credentials.access_key_id)\n"
       "    return object()\n"
       "def stop(context):\n"
       "    print('bye', state)\n"
       "def handler(event, context): return state\n");
  auto sandbox = Ready();
  ASSERT_TRUE(sandbox);
  auto begun = RunHook(*sandbox, HookKind::kInitializer, "index.init");
  ASSERT_TRUE(begun) << begun.error().Describe();
  EXPECT_EQ(Invoke(*sandbox, "")->body, R"(["request-hookSTS.1"])");
  auto ended = RunHook(*sandbox, HookKind::kPreStop, "index.stop");
  ASSERT_TRUE(ended) << ended.error().Describe();
  EXPECT_TRUE(output_.contains("bye ['request-hookSTS.1']")) << output_;
}

TEST_F(HookSandboxTest, PythonHookThatRaisesFailsInItsOwnWordsAndEndsTheSandbox) {
  Code("index.py",
       "def init(context): raise KeyError('no config')\n"
       "def handler(event, context): pass\n");
  auto sandbox = Ready();
  ASSERT_TRUE(sandbox);
  auto begun = RunHook(*sandbox, HookKind::kInitializer, "index.init");
  ASSERT_FALSE(begun);
  EXPECT_EQ(begun.error().kind(), ErrorKind::kFunctionFailed);
  EXPECT_TRUE(begun.error().message().contains(R"("errorType": "KeyError")"))
      << begun.error().message();
  EXPECT_FALSE(Invoke(*sandbox, ""));
}

TEST_F(HookSandboxTest, PythonHookThatIsNotThereIsNamed) {
  Code("index.py", "def handler(event, context): pass\n");
  auto sandbox = Ready();
  ASSERT_TRUE(sandbox);
  auto begun = RunHook(*sandbox, HookKind::kInitializer, "index.init");
  ASSERT_FALSE(begun);
  EXPECT_TRUE(begun.error().message().contains("'init' is missing")) << begun.error().message();
}

TEST_F(HookSandboxTest, PythonHookThatTakesTooLongIsKilled) {
  Code("index.py",
       "import time\n"
       "def init(context): time.sleep(1000)\n"
       "def handler(event, context): pass\n");
  auto sandbox = Ready();
  ASSERT_TRUE(sandbox);
  auto begun = RunHook(*sandbox, HookKind::kInitializer, "index.init", In(Millis(200)));
  ASSERT_FALSE(begun);
  EXPECT_EQ(begun.error().kind(), ErrorKind::kFunctionTimeout);
  EXPECT_FALSE(sandbox->alive());
}

TEST_F(HookSandboxTest, NodeHooksCallBackOrPromise) {
  Code("index.js",
       "let state = '';\n"
       "exports.init = (context, callback) => { state = context.requestId; callback(null, {}); };\n"
       "exports.broken = (context, callback) => callback(new Error('no database'));\n"
       "exports.stop = async (context) => { console.log('bye', state); };\n"
       "exports.handler = async () => state;\n");
  auto sandbox = Ready(MakeSpec(Runtime::kNode));
  ASSERT_TRUE(sandbox);
  auto begun = RunHook(*sandbox, HookKind::kInitializer, "index.init");
  ASSERT_TRUE(begun) << begun.error().Describe();
  EXPECT_EQ(Invoke(*sandbox, "")->body, "request-hook");
  auto ended = RunHook(*sandbox, HookKind::kPreStop, "index.stop");
  ASSERT_TRUE(ended) << ended.error().Describe();
  EXPECT_TRUE(output_.contains("bye request-hook")) << output_;
  auto broken = RunHook(*sandbox, HookKind::kInitializer, "index.broken");
  ASSERT_FALSE(broken);
  EXPECT_TRUE(broken.error().message().contains("no database")) << broken.error().message();
}

// Answers every path with the status that the file /tmp/status holds, 200 without it; POST /set/NNN
// writes it.
constexpr const char* kServer = R"(
import http.server, os, sys
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    def do(self):
        body = self.rfile.read(int(self.headers.get('Content-Length', 0)))
        print(self.command, self.path, self.headers.get('x-fc-control-path', '-'), flush=True)
        status = 200
        if body.startswith(b'set '): open('/tmp/status', 'w').write(body[4:].decode())
        elif os.path.exists('/tmp/status'): status = int(open('/tmp/status').read())
        elif self.path == '/ready' and self.server.asked < 2:
            self.server.asked += 1
            status = 503
        out = b'said %d' % status
        self.send_response(status)
        self.send_header('Content-Length', str(len(out)))
        self.end_headers()
        self.wfile.write(out)
    do_GET = do_POST = do
    def log_message(self, *a): pass
server = http.server.ThreadingHTTPServer(('0.0.0.0', 9000), Handler)
server.asked = 0
server.serve_forever()
)";

TEST_F(HookSandboxTest, CustomRuntimeIsAskedOverHttp) {
  auto sandbox = Ready(Custom(kServer));
  ASSERT_TRUE(sandbox);
  EXPECT_TRUE(RunHook(*sandbox, HookKind::kInitializer, "any"));
  EXPECT_TRUE(RunHook(*sandbox, HookKind::kPreStop, "any"));
  EXPECT_TRUE(output_.contains("POST /initialize /initialize\nGET /pre-stop /pre-stop\n"))
      << output_;
  ASSERT_TRUE(Invoke(*sandbox, "set 404"));
  auto failed = RunHook(*sandbox, HookKind::kInitializer, "any");
  ASSERT_FALSE(failed);
  EXPECT_TRUE(failed.error().message().contains("status 404: said 404"))
      << failed.error().message();
}

Spec Watched(Spec spec, int failures) {
  spec.health = HealthCheck{.path = "/ready",
                            .period = Millis(10),
                            .timeout = std::chrono::seconds(20),
                            .failure_threshold = failures};
  return spec;
}

TEST_F(HookSandboxTest, CustomRuntimeIsReadyWhenItsHealthCheckSucceeds) {
  auto sandbox = Ready(Watched(Custom(kServer), 3));
  ASSERT_TRUE(sandbox);
  // The server's own complaints about connections that were closed may stand between them.
  int asked = 0;
  for (std::size_t at = 0; (at = output_.find("GET /ready -\n", at)) != output_.npos; ++at) ++asked;
  EXPECT_EQ(asked, 3) << output_;
  EXPECT_TRUE(testkit::RunToEnd(io(), sandbox->Probe()));
  ASSERT_TRUE(Invoke(*sandbox, "set 500"));
  EXPECT_FALSE(testkit::RunToEnd(io(), sandbox->Probe()));
  EXPECT_TRUE(sandbox->alive());
}

TEST_F(HookSandboxTest, CustomRuntimeWhoseHealthCheckFailsOftenEnoughDoesNotBegin) {
  auto sandbox = Launch(Watched(Custom(kServer), 2));
  ASSERT_TRUE(sandbox);
  auto loaded = Initialize(**sandbox);
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().code(), "FunctionNotStarted");
  EXPECT_TRUE(loaded.error().message().contains("status 503")) << loaded.error().message();
  while ((*sandbox)->alive()) testkit::RunToEnd(io(), net::SleepFor(Millis(1)));  // Killed: soon.
}

}  // namespace
}  // namespace ebb::sandbox
