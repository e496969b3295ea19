// Real sandboxes with programs of their own that ask for events at FC_RUNTIME_API; needs root.
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>

#include "base/json.h"
#include "net/task_group.h"
#include "sandbox/sandbox_fixture.h"

namespace ebb::sandbox {
namespace {

// Speaks the protocol as FC's Go SDK does, with python's HTTP client; does what an event says.
constexpr const char* kProgram = R"(#!/usr/bin/python3 -I
import http.client, json, os, socket, sys, time
API = os.environ['FC_RUNTIME_API']
BASE = '/2020-11-11/runtime/'
kept = http.client.HTTPConnection(API)
def call(method, path, body=None, on=None):
    on = on or kept
    on.request(method, BASE + path, body)
    answer = on.getresponse()
    return answer.status, answer.headers, answer.read()
def post(id, what, body, on=None):
    return call('POST', f'invocation/{id}/{what}', body, on)[0]
before = []
def run(id, headers, event):
    word, _, rest = event.partition(b' ')
    if word == b'headers': return post(id, 'response', json.dumps(dict(headers.items())))
    if word == b'raise': return post(id, 'error', '{"errorMessage":"no","errorType":"Odd","stackTrace":[]}')
    if word == b'die': os._exit(7)
    if word == b'silent': time.sleep(1000)
    if word == b'large': return post(id, 'response', b'x' * ((32 << 20) + 1))
    if word == b'chunks': return post(id, 'response', iter([b'a' * 70000, b'b']))
    if word == b'forge':
        seen = [post(other, 'response', 'forged') for other in ['request-0', 'x', *before]]
        seen += [post(id, 'response', rest), post(id, 'response', 'again'), post(id, 'error', 'again')]
        print(*seen, flush=True)
        return
    if word == b'leave':  # Asks on a connection that it leaves at once, then on another.
        left = http.client.HTTPConnection(API)
        left.request('GET', BASE + 'invocation/next')
        left.close()
        return post(id, 'response', 'left')
    if word == b'flood':
        for _ in range(1000):
            s = socket.socket(); s.setblocking(False)
            s.connect_ex(('127.0.0.1', 19001)); before.append(s)
        return post(id, 'response', 'flooded')
    if word == b'junk':
        s = socket.create_connection(('127.0.0.1', 19001))
        s.sendall(b'this is not HTTP\r\n\r\n')
        reply = s.recv(1000).split(b'\r\n')[0] + b' '
        s = http.client.HTTPConnection(API)
        s.request('GET', '/other')
        return post(id, 'response', reply + str(s.getresponse().status).encode())
    return post(id, 'response', event)
print('starting', flush=True)
while True:
    status, headers, event = call('GET', 'invocation/next')
    id = headers['x-fc-request-id']
    run(id, headers, event)
    if isinstance(id, str) and not event.startswith(b'flood'): before.append(id)
)";

class PollingTest : public SandboxFixture {
 protected:
  void Program(const std::string& content = kProgram) {
    Code("main", content);
    chmod((folder_.path() / "code/main").c_str(), 0755);
  }
  Spec Polling(Runtime runtime = Runtime::kPolling) {
    Spec spec = MakeSpec(runtime);
    spec.command = {"/code/main"};
    spec.context_json = R"({"function":{"name":"poll","handler":"main","memory":256,"timeout":9}})";
    return spec;
  }
  std::string Body(Result<Reply> reply) {
    if (reply) return reply->body;
    ADD_FAILURE() << reply.error().Describe() << "\n" << output_;
    return {};
  }
};

TEST_F(PollingTest, AProgramThatAsksForEventsIsGivenThem) {
  Program();
  auto sandbox = Ready(Polling());
  ASSERT_TRUE(sandbox);
  EXPECT_EQ(Body(Invoke(*sandbox, "one")), "one");
  EXPECT_EQ(Body(Invoke(*sandbox, "")), "");
  EXPECT_EQ(Body(Invoke(*sandbox, "chunks")), std::string(70000, 'a') + "b");
  EXPECT_EQ(output_, "starting\n");
}

TEST_F(PollingTest, AnEventComesWithFcsHeaders) {
  Program();
  auto sandbox = Ready(Polling());
  ASSERT_TRUE(sandbox);
  const auto before = ToUnixMillis(SystemClock().WallNow());
  auto headers = json::ParseObject(Body(Invoke(*sandbox, "headers", In(Millis(60'000)))));
  ASSERT_TRUE(headers);
  EXPECT_EQ(headers->at("x-fc-request-id"), "request-1");
  EXPECT_EQ(headers->at("x-fc-function-type"), "0");
  EXPECT_EQ(headers->at("x-fc-function-name"), "poll");
  EXPECT_EQ(headers->at("x-fc-function-timeout"), "9");
  EXPECT_EQ(headers->at("x-fc-retry-count"), "0");
  const auto deadline = std::stoll(std::string(headers->at("x-fc-function-deadline").as_string()));
  EXPECT_GE(deadline, before + 59'000);
  EXPECT_LE(deadline, ToUnixMillis(SystemClock().WallNow()) + 60'000);
}

TEST_F(PollingTest, AnErrorThatTheProgramReportsIsTheAnswer) {
  Program();
  auto sandbox = Ready(Polling());
  ASSERT_TRUE(sandbox);
  auto reply = Invoke(*sandbox, "raise");
  ASSERT_TRUE(reply) << reply.error().Describe();
  EXPECT_FALSE(reply->ok);
  EXPECT_EQ(reply->error_type, "UnhandledInvocationError");
  EXPECT_EQ(reply->body, R"({"errorMessage":"no","errorType":"Odd","stackTrace":[]})");
  EXPECT_EQ(Body(Invoke(*sandbox, "goes on")), "goes on");
}

TEST_F(PollingTest, ACustomRuntimeMayAskForEventsInsteadOfListening) {
  Program();
  auto sandbox = Ready(Polling(Runtime::kCustom));
  ASSERT_TRUE(sandbox);
  EXPECT_EQ(Body(Invoke(*sandbox, "either way")), "either way");
  net::Request request;
  request.method = "GET";
  request.target = request.path = "/";
  request.body = net::MakeStringBody("");
  auto response = testkit::RunToEnd(io(), sandbox->Proxy(std::move(request), Soon()));
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().kind(), ErrorKind::kFunctionFailed);
  EXPECT_NE(response.error().message().find("go1"), std::string::npos);
}

TEST_F(PollingTest, AForgedOrLateOrSecondAnswerAnswersNothing) {
  Program();
  auto sandbox = Ready(Polling());
  ASSERT_TRUE(sandbox);
  EXPECT_EQ(Body(Invoke(*sandbox, "first")), "first");
  EXPECT_EQ(Body(Invoke(*sandbox, "forge mine")), "mine");
  EXPECT_EQ(Body(Invoke(*sandbox, "next")), "next");
  EXPECT_EQ(output_, "starting\n400 400 400 200 400 400\n");
}

TEST_F(PollingTest, AnEventIsNotGivenToAConnectionThatWasLeft) {
  Program();
  auto sandbox = Ready(Polling());
  ASSERT_TRUE(sandbox);
  EXPECT_EQ(Body(Invoke(*sandbox, "leave")), "left");
  EXPECT_EQ(Body(Invoke(*sandbox, "here")), "here");
}

TEST_F(PollingTest, TheWaitForAnEventOutlastsBeingFrozen) {
  Program();
  auto sandbox = Ready(Polling());
  ASSERT_TRUE(sandbox);
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(sandbox->Freeze());
    ASSERT_TRUE(sandbox->Thaw());
    EXPECT_EQ(Body(Invoke(*sandbox, "thawed")), "thawed");
  }
}

TEST_F(PollingTest, AnAnswerOverTheLimitIsAnErrorThatSaysSo) {
  Program();
  auto sandbox = Ready(Polling());
  ASSERT_TRUE(sandbox);
  auto reply = Invoke(*sandbox, "large");
  ASSERT_TRUE(reply) << reply.error().Describe() << output_;
  EXPECT_FALSE(reply->ok);
  EXPECT_NE(reply->body.find("ResponseTooLarge"), std::string::npos) << reply->body;
}

TEST_F(PollingTest, APayloadOfTheLargestSizeGoesBothWays) {
  Program();
  Spec spec = Polling();
  spec.memory = Mebibytes(512);
  auto sandbox = Ready(spec);
  ASSERT_TRUE(sandbox);
  const std::string payload(std::size_t{32} << 20, 'p');
  EXPECT_TRUE(Body(Invoke(*sandbox, payload)) == payload);
}

TEST_F(PollingTest, NonsenseIsAnsweredAndHarmsNothing) {
  Program();
  auto sandbox = Ready(Polling());
  ASSERT_TRUE(sandbox);
  EXPECT_EQ(Body(Invoke(*sandbox, "junk")), "HTTP/1.1 400 Bad Request 404");
}

TEST_F(PollingTest, AProgramCannotMakeTheServerHoldConnectionsWithoutEnd) {
  Program();
  auto sandbox = Ready(Polling());
  ASSERT_TRUE(sandbox);
  const auto open = [] {
    return std::ranges::distance(std::filesystem::directory_iterator("/proc/self/fd"));
  };
  const auto before = open();
  EXPECT_EQ(Body(Invoke(*sandbox, "flood")), "flooded");
  EXPECT_EQ(Body(Invoke(*sandbox, "still")), "still");
  EXPECT_LE(open(), before + 256);
  sandbox.reset();
  io().restart();
  io().poll();  // Their tasks end.
  EXPECT_LE(open(), before);
}

TEST_F(PollingTest, SaysWhatTheProgramReportsInsteadOfStarting) {
  Program(R"(#!/usr/bin/python3 -I
import http.client, os, time
on = http.client.HTTPConnection(os.environ['FC_RUNTIME_API'])
on.request('POST', '/2020-11-11/runtime/init/error', '{"errorMessage":"no configuration"}')
on.getresponse().read()
time.sleep(1000)
)");
  for (const Runtime runtime : {Runtime::kPolling, Runtime::kCustom}) {
    auto sandbox = Launch(Polling(runtime));
    ASSERT_TRUE(sandbox) << sandbox.error().Describe();
    auto loaded = Initialize(**sandbox);
    ASSERT_FALSE(loaded);
    EXPECT_EQ(loaded.error().kind(), ErrorKind::kFunctionFailed);
    EXPECT_EQ(loaded.error().message(), R"({"errorMessage":"no configuration"})");
  }
}

TEST_F(PollingTest, SaysThatTheProgramEndedBeforeItAskedForAnEvent) {
  Program("#!/bin/sh\necho too early\n");
  auto sandbox = Launch(Polling());
  ASSERT_TRUE(sandbox) << sandbox.error().Describe();
  auto loaded = Initialize(**sandbox);
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().code(), "ProcessExited");
  EXPECT_EQ(output_, "too early\n");
}

TEST_F(PollingTest, GivesUpOnAProgramThatNeverAsksForAnEvent) {
  Program("#!/bin/sh\nsleep 1000\n");
  auto sandbox = Launch(Polling());
  ASSERT_TRUE(sandbox) << sandbox.error().Describe();
  auto loaded = Initialize(**sandbox, In(Millis(100)));
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().kind(), ErrorKind::kFunctionTimeout);
  EXPECT_FALSE((*sandbox)->alive());
}

TEST_F(PollingTest, SaysThatTheProgramEndedDuringACall) {
  Program();
  auto sandbox = Ready(Polling());
  ASSERT_TRUE(sandbox);
  auto reply = Invoke(*sandbox, "die");
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code(), "ProcessExited");
}

TEST_F(PollingTest, IsKilledWhenItDoesNotAnswerInTime) {
  Program();
  auto sandbox = Ready(Polling());
  ASSERT_TRUE(sandbox);
  auto reply = Invoke(*sandbox, "silent", In(Millis(100)));
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().kind(), ErrorKind::kFunctionTimeout);
  EXPECT_FALSE(sandbox->alive());
}

Task<void> InvokeInto(std::optional<Result<Reply>>& into, Sandbox& sandbox, std::string event) {
  Call call;
  call.request_id = "of-" + event;
  call.payload = std::move(event);
  into = co_await sandbox.Invoke(std::move(call), Soon());
}

TEST_F(PollingTest, SeveralConnectionsAreGivenSeveralCallsAtOnce) {
  // Two threads, of which neither answers before both have an event; each answers the other's name.
  Program(R"(#!/usr/bin/python3 -I
import http.client, os, threading
both, names = threading.Barrier(2), {}
def serve(me):
    on = http.client.HTTPConnection(os.environ['FC_RUNTIME_API'])
    while True:
        on.request('GET', '/2020-11-11/runtime/invocation/next')
        got = on.getresponse()
        names[me] = got.read().decode()
        both.wait()
        answer = f"{names[me]} beside {names[1 - me]}"
        on.request('POST', f"/2020-11-11/runtime/invocation/{got.headers['x-fc-request-id']}/response", answer)
        on.getresponse().read()
threading.Thread(target=serve, args=(0,)).start()
serve(1)
)");
  Spec spec = Polling(Runtime::kCustom);
  spec.concurrency = 2;
  auto sandbox = Ready(spec);
  ASSERT_TRUE(sandbox);
  std::optional<Result<Reply>> a;
  std::optional<Result<Reply>> b;
  net::TaskGroup calls(io());
  calls.Spawn("a", InvokeInto(a, *sandbox, "a"));
  calls.Spawn("b", InvokeInto(b, *sandbox, "b"));
  io().restart();
  while ((!a || !b) && io().run_one() > 0) {
  }
  ASSERT_TRUE(a && b);
  EXPECT_EQ(Body(*std::move(a)), "a beside b");
  EXPECT_EQ(Body(*std::move(b)), "b beside a");
}

}  // namespace
}  // namespace ebb::sandbox
