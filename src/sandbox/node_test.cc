// Real sandboxes with Node in them; needs root and /usr/bin/node.
#include "sandbox/sandbox_fixture.h"

namespace ebb::sandbox {
namespace {

class NodeSandbox : public SandboxFixture {
 protected:
  void SetUp() override {
    if (access("/usr/bin/node", X_OK) != 0) GTEST_SKIP() << "needs /usr/bin/node";
    SandboxFixture::SetUp();
  }

  Result<Reply> Run(const std::string& code, std::string payload = "",
                    const std::string& file = "index.js") {
    Code(file, code);
    auto sandbox = Ready(MakeSpec(Runtime::kNode));
    if (!sandbox) return Fail(Error::Internal("not ready"));
    return Invoke(*sandbox, std::move(payload));
  }
};

TEST_F(NodeSandbox, AwaitsHandlersAndAnswersTextBytesAndJson) {
  Code("index.js",
       "exports.handler = async (event, context) => {\n"
       "  if (event.toString() === 'bytes') return Buffer.from([1, 0, 255]);\n"
       "  if (event.toString() === 'json') return { id: context.requestId };\n"
       "  return 'hello ' + event;\n"
       "};\n");
  auto sandbox = Ready(MakeSpec(Runtime::kNode));
  ASSERT_TRUE(sandbox);
  EXPECT_EQ(Invoke(*sandbox, "world")->body, "hello world");
  EXPECT_EQ(Invoke(*sandbox, "bytes")->body, std::string("\x01\x00\xff", 3));
  EXPECT_EQ(Invoke(*sandbox, "json")->body, "{\"id\":\"request-3\"}");
}

TEST_F(NodeSandbox, TakesTheCallbackForm) {
  auto reply = Run("exports.handler = (e, c, done) => setTimeout(() => done(null, 'later'), 1);");
  ASSERT_TRUE(reply) << reply.error().Describe() << output_;
  EXPECT_EQ(reply->body, "later");
  reply = Run("exports.handler = (e, c, done) => done(new TypeError('bad'));");
  ASSERT_TRUE(reply) << reply.error().Describe() << output_;
  EXPECT_FALSE(reply->ok);
  EXPECT_EQ(reply->error_type, "HandledInvocationError");
  EXPECT_NE(reply->body.find(R"("errorMessage":"bad","errorType":"TypeError")"), std::string::npos)
      << reply->body;
}

TEST_F(NodeSandbox, LoadsEsModules) {
  auto reply =
      Run("import os from 'node:os';\nexport const handler = async () => os.EOL + 'esm';\n", "",
          "index.mjs");
  ASSERT_TRUE(reply) << reply.error().Describe() << output_;
  EXPECT_EQ(reply->body, "\nesm");
}

TEST_F(NodeSandbox, LoadsEsModulesByPackageType) {
  Code("package.json", R"({"type": "module"})");
  auto reply = Run("export async function handler() { return 'by type'; }\n");
  ASSERT_TRUE(reply) << reply.error().Describe() << output_;
  EXPECT_EQ(reply->body, "by type");
}

TEST_F(NodeSandbox, ReportsWhatTheHandlerThrows) {
  auto reply = Run("exports.handler = async () => { throw new RangeError('too far'); };");
  ASSERT_TRUE(reply) << reply.error().Describe() << output_;
  EXPECT_FALSE(reply->ok);
  EXPECT_EQ(reply->error_type, "UnhandledInvocationError");
  EXPECT_NE(reply->body.find(R"("errorMessage":"too far","errorType":"RangeError")"),
            std::string::npos)
      << reply->body;
  EXPECT_NE(reply->body.find("/code/index.js"), std::string::npos) << reply->body;
  EXPECT_EQ(reply->body.find("/ebb"), std::string::npos) << reply->body;
}

TEST_F(NodeSandbox, ReportsWhatIsThrownOutsideTheHandlersPromise) {
  auto reply = Run(
      "exports.handler = () => new Promise(() => setTimeout(() => { throw new Error('loose') }));");
  ASSERT_TRUE(reply) << reply.error().Describe() << output_;
  EXPECT_FALSE(reply->ok);
  EXPECT_NE(reply->body.find("loose"), std::string::npos) << reply->body;
}

TEST_F(NodeSandbox, SaysWhyTheCodeCannotBeLoaded) {
  Code("index.js", "require('nowhere');");
  auto sandbox = Launch(MakeSpec(Runtime::kNode));
  ASSERT_TRUE(sandbox) << sandbox.error().Describe();
  auto loaded = Initialize(**sandbox);
  ASSERT_FALSE(loaded);
  EXPECT_NE(loaded.error().message().find("Cannot find module 'nowhere'"), std::string::npos)
      << loaded.error().message();
}

TEST_F(NodeSandbox, EndsWhenTheProcessExits) {
  auto reply = Run("exports.handler = async () => process.exit(3);");
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code(), "ProcessExited");
}

TEST_F(NodeSandbox, HandsOverTheConsoleBeforeTheAnswer) {
  auto reply =
      Run("exports.handler = async () => { console.log('a %d', 1); console.error('b'); "
          "process.stdout.write('c'); };");
  ASSERT_TRUE(reply) << reply.error().Describe() << output_;
  EXPECT_NE(output_.find("Z request-1 [info] a 1\n"), std::string::npos) << output_;
  EXPECT_NE(output_.find("Z request-1 [error] b\n"), std::string::npos) << output_;
  EXPECT_TRUE(output_.ends_with("c")) << output_;
}

TEST_F(NodeSandbox, RunsInTheSmallestMemorySizeAndCollectsBeforeItIsFull) {
  Code("index.js",
       "exports.handler = async () => {\n"
       "  let kept = [];\n"
       "  for (let i = 0; i < 2e6; ++i) kept[i % 1000] = { i, text: 'x'.repeat(100) + i };\n"
       "  return String(kept.length);\n"
       "};\n");
  Spec spec = MakeSpec(Runtime::kNode);
  spec.memory = Mebibytes(128);
  auto sandbox = Ready(spec);
  ASSERT_TRUE(sandbox);
  auto reply = Invoke(*sandbox, "");
  ASSERT_TRUE(reply) << reply.error().Describe() << output_;
  EXPECT_EQ(reply->body, "1000");
}

TEST_F(NodeSandbox, ChildProcessesDoNotGetTheChannel) {
  auto reply =
      Run("const { execSync } = require('child_process');\n"
          "exports.handler = async () => execSync('ls /proc/self/fd').toString().trim();");
  ASSERT_TRUE(reply) << reply.error().Describe() << output_;
  EXPECT_EQ(reply->body, "0\n1\n2\n3") << "3 is the listing itself";
}

}  // namespace
}  // namespace ebb::sandbox
