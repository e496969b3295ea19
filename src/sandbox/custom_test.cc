// Real sandboxes with programs of their own that serve HTTP; needs root.
#include <sys/stat.h>

#include <optional>

#include "net/task_group.h"
#include "sandbox/sandbox_fixture.h"

namespace ebb::sandbox {
namespace {

// A server in the form of FC's examples.  Says what it was asked.
constexpr const char* kServer = R"(#!/usr/bin/python3 -I
import http.server, os, sys, time
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    def do(self):
        body = self.rfile.read(int(self.headers.get('Content-Length', 0)))
        print('served', self.path)
        sys.stdout.flush()
        if body == b'die': os._exit(7)
        if body == b'sleep': time.sleep(1000)
        if body == b'stream':
            self.send_response(200)
            self.send_header('Transfer-Encoding', 'chunked')
            self.end_headers()
            self.wfile.write(b'5\r\nfirst\r\n')
            time.sleep(1000)
        if body == b'junk':
            self.wfile.write(b'this is not HTTP\r\n\r\n')
            self.close_connection = True
            return
        out = ' '.join([self.command, self.path, self.headers.get('x-fc-request-id', '-'),
                        self.headers.get('x-fc-function-name', '-'), body.decode()]).encode()
        self.send_response(404 if body == b'fail' else 200)
        if body == b'says failed': self.send_header('x-fc-status', '404')
        self.send_header('Content-Length', str(len(out)))
        self.send_header('X-Own', 'yes')
        self.end_headers()
        self.wfile.write(out)
    do_GET = do_POST = do_PUT = do
    def log_message(self, *a): pass
print('starting')
http.server.ThreadingHTTPServer(('0.0.0.0', int(os.environ.get('PORT', 9000))), Handler).serve_forever()
)";

class CustomSandboxTest : public SandboxFixture {
 protected:
  void Bootstrap(const std::string& content) {
    Code("bootstrap", content);
    chmod((folder_.path() / "code/bootstrap").c_str(), 0755);
  }
  Spec Custom() {
    Spec spec = MakeSpec(Runtime::kCustom);
    spec.context_json = R"({"function":{"name":"web"}})";
    return spec;
  }
};

TEST_F(CustomSandboxTest, IsAskedByPostToInvoke) {
  Bootstrap(kServer);
  auto sandbox = Ready(Custom());
  ASSERT_TRUE(sandbox);
  auto reply = Invoke(*sandbox, "event");
  ASSERT_TRUE(reply) << reply.error().Describe() << output_;
  EXPECT_TRUE(reply->ok);
  EXPECT_EQ(reply->body, "POST /invoke request-1 web event");
  EXPECT_NE(output_.find("served /invoke\n"), std::string::npos) << output_;
}

TEST_F(CustomSandboxTest, RunsNothingOfTheUsersBeforeItIsInitialized) {
  Bootstrap(kServer);
  auto sandbox = Launch(Custom());
  ASSERT_TRUE(sandbox) << sandbox.error().Describe();
  EXPECT_EQ(output_, "");
  auto loaded = Initialize(**sandbox);
  EXPECT_TRUE(loaded) << loaded.error().Describe() << output_;
  EXPECT_EQ(output_, "");  // Python buffers "starting" until the first request.
}

TEST_F(CustomSandboxTest, TakesACommandAndAPort) {
  Code("server.py", kServer);
  Spec spec = Custom();
  spec.command = {"python3", "-u", "server.py"};
  spec.port = 8123;
  spec.environment = {{"PORT", "8123"}};
  auto sandbox = Ready(spec);
  ASSERT_TRUE(sandbox);
  EXPECT_EQ(Invoke(*sandbox, "x")->body, "POST /invoke request-1 web x");
}

TEST_F(CustomSandboxTest, SaysFailedByStatusOrByHeader) {
  Bootstrap(kServer);
  auto sandbox = Ready(Custom());
  ASSERT_TRUE(sandbox);
  auto reply = Invoke(*sandbox, "fail");
  ASSERT_TRUE(reply);
  EXPECT_FALSE(reply->ok);
  EXPECT_EQ(reply->error_type, "UnhandledInvocationError");
  EXPECT_FALSE(Invoke(*sandbox, "says failed")->ok);
}

TEST_F(CustomSandboxTest, IsPassedHttpRequestsAsTheyAre) {
  Bootstrap(kServer);
  auto sandbox = Ready(Custom());
  ASSERT_TRUE(sandbox);
  net::Request request;
  request.method = "PUT";
  request.target = "/a%20b?c=d";
  request.path = "/a%20b";
  request.query = "c=d";
  request.headers.Set("Host", "example.localhost");
  request.body = net::MakeStringBody("body");
  auto response = testkit::RunToEnd(io(), sandbox->Proxy(std::move(request), Soon()));
  ASSERT_TRUE(response) << response.error().Describe() << output_;
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(response->headers.Get("X-Own"), "yes");
  ASSERT_TRUE(response->stream);
  auto body = testkit::RunToEnd(io(), net::ReadAll(*response->stream, 1000));
  ASSERT_TRUE(body) << body.error().Describe();
  EXPECT_EQ(*body, "PUT /a%20b?c=d - - body");
}

TEST_F(CustomSandboxTest, PassesTheBodyOnWhileItIsBeingMade) {
  Bootstrap(kServer);
  auto sandbox = Ready(Custom());
  ASSERT_TRUE(sandbox);
  net::Request request;
  request.method = "POST";
  request.target = request.path = "/";
  request.headers.Set("Host", "x");
  request.body = net::MakeStringBody("stream");
  auto response = testkit::RunToEnd(io(), sandbox->Proxy(std::move(request), Soon()));
  ASSERT_TRUE(response) << response.error().Describe() << output_;
  char piece[100];
  auto got = testkit::RunToEnd(io(), response->stream->Read(piece));
  ASSERT_TRUE(got) << got.error().Describe();
  EXPECT_EQ(std::string_view(piece, *got), "first");
}

TEST_F(CustomSandboxTest, SaysThatTheCommandCannotBeRun) {
  auto launched = [&](Spec spec) {
    Code("other", "");
    auto sandbox = Launch(std::move(spec));
    EXPECT_TRUE(sandbox) << sandbox.error().Describe();
    return Initialize(**sandbox);
  };
  auto loaded = launched(Custom());
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().kind(), ErrorKind::kFunctionFailed);
  EXPECT_EQ(loaded.error().message(),
            "the command /code/bootstrap cannot be run: No such file or directory");
  Bootstrap("x");
  chmod((folder_.path() / "code/bootstrap").c_str(), 0644);
  loaded = launched(Custom());
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().message(),
            "the command /code/bootstrap cannot be run: Permission denied");
}

TEST_F(CustomSandboxTest, SaysThatTheProgramEndedBeforeItListened) {
  Bootstrap("#!/bin/sh\necho too early\nexit 3\n");
  auto sandbox = Launch(Custom());
  ASSERT_TRUE(sandbox) << sandbox.error().Describe();
  auto loaded = Initialize(**sandbox);
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().code(), "ProcessExited");
  EXPECT_EQ(output_, "too early\n");
}

TEST_F(CustomSandboxTest, GivesUpOnAProgramThatNeverListens) {
  Bootstrap("#!/bin/sh\nsleep 1000\n");
  auto sandbox = Launch(Custom());
  ASSERT_TRUE(sandbox) << sandbox.error().Describe();
  auto loaded = Initialize(**sandbox, Deadline(std::chrono::steady_clock::now() + Millis(100)));
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().kind(), ErrorKind::kFunctionTimeout);
  EXPECT_FALSE((*sandbox)->alive());
}

TEST_F(CustomSandboxTest, SaysThatTheProgramEndedDuringACall) {
  Bootstrap(kServer);
  auto sandbox = Ready(Custom());
  ASSERT_TRUE(sandbox);
  auto reply = Invoke(*sandbox, "die");
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code(), "ProcessExited");
}

TEST_F(CustomSandboxTest, IsKilledWhenItDoesNotAnswerInTime) {
  Bootstrap(kServer);
  auto sandbox = Ready(Custom());
  ASSERT_TRUE(sandbox);
  auto reply = Invoke(*sandbox, "sleep", Deadline(std::chrono::steady_clock::now() + Millis(100)));
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().kind(), ErrorKind::kFunctionTimeout);
  EXPECT_FALSE(sandbox->alive());
}

TEST_F(CustomSandboxTest, MayAnswerWithNonsense) {
  Bootstrap(kServer);
  auto sandbox = Ready(Custom());
  ASSERT_TRUE(sandbox);
  auto reply = Invoke(*sandbox, "junk");
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().kind(), ErrorKind::kFunctionFailed);
}

// A call in the background of a test.
Task<void> InvokeInto(std::optional<Result<Reply>>& out, Sandbox& sandbox, std::string payload,
                      Deadline deadline) {
  Call call;
  call.request_id = "request-" + payload;
  call.payload = std::move(payload);
  out = co_await sandbox.Invoke(std::move(call), deadline);
}

class SharedSandboxTest : public CustomSandboxTest {
 protected:
  std::unique_ptr<Sandbox> ReadyShared() {
    Bootstrap(kServer);
    Spec spec = Custom();
    spec.concurrency = 10;
    return Ready(std::move(spec));
  }
  // Until the function has said that it serves `count` requests.
  void WaitServed(int count) {
    const auto served = [&] {
      int lines = 0;
      for (std::size_t at = 0; (at = output_.find("served", at)) != std::string::npos; ++at)
        ++lines;
      return lines;
    };
    while (served() < count) io().run_one();
  }
};

TEST_F(SharedSandboxTest, AnswersACallWhileAnotherIsUnderWayAndAnothersTimeoutEndsNeither) {
  auto sandbox = ReadyShared();
  ASSERT_TRUE(sandbox);
  std::optional<Result<Reply>> sleeping;
  std::optional<Result<Reply>> late;
  net::TaskGroup calls(io());
  io().restart();
  calls.Spawn("sleeping", InvokeInto(sleeping, *sandbox, "sleep", Soon()));
  calls.Spawn("late", InvokeInto(late, *sandbox, "sleep", In(Millis(300))));
  WaitServed(2);
  auto quick = Invoke(*sandbox, "quick");
  ASSERT_TRUE(quick) << quick.error().Describe();
  io().restart();
  while (!late) io().run_one();
  EXPECT_EQ(late->error().kind(), ErrorKind::kFunctionTimeout);
  EXPECT_TRUE(sandbox->alive());
  EXPECT_FALSE(sleeping);
  auto after = Invoke(*sandbox, "after");
  EXPECT_TRUE(after) << after.error().Describe();
  testkit::RunToEnd(io(), calls.Stop());  // Cancelled: that does not kill it either.
  EXPECT_TRUE(sandbox->alive());
}

TEST_F(SharedSandboxTest, EndOfTheProcessFailsAllItsCalls) {
  auto sandbox = ReadyShared();
  ASSERT_TRUE(sandbox);
  std::optional<Result<Reply>> sleeping[3];
  net::TaskGroup calls(io());
  io().restart();
  for (auto& call : sleeping) {
    calls.Spawn("sleeping", InvokeInto(call, *sandbox, "sleep", Soon()));
  }
  WaitServed(3);
  auto killer = Invoke(*sandbox, "die");
  EXPECT_EQ(killer.error().code(), "ProcessExited") << killer.error().Describe();
  io().restart();
  for (auto& call : sleeping) {
    while (!call) io().run_one();
    EXPECT_EQ(call->error().code(), "ProcessExited") << call->error().Describe();
  }
  EXPECT_FALSE(sandbox->alive());
  testkit::RunToEnd(io(), calls.Stop());
}

TEST_F(SharedSandboxTest, AnswerThatIsNotHttpFailsItsOwnCallOnly) {
  auto sandbox = ReadyShared();
  ASSERT_TRUE(sandbox);
  auto junk = Invoke(*sandbox, "junk");
  EXPECT_EQ(junk.error().code(), "BadResponse") << junk.error().Describe();
  auto fine = Invoke(*sandbox, "fine");
  EXPECT_TRUE(fine) << fine.error().Describe();
}

}  // namespace
}  // namespace ebb::sandbox
