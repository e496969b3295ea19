// Real sandboxes with Python in them; needs root.
#include "sandbox/sandbox_fixture.h"

namespace ebb::sandbox {
namespace {

class PythonSandbox : public SandboxFixture {};

TEST_F(PythonSandbox, AnswersWithWhatTheHandlerReturns) {
  Code("index.py", "def handler(event, context):\n    return b'hello ' + event\n");
  auto sandbox = Ready();
  ASSERT_TRUE(sandbox);
  auto reply = Invoke(*sandbox, "world");
  ASSERT_TRUE(reply) << reply.error().Describe() << output_;
  EXPECT_TRUE(reply->ok);
  EXPECT_EQ(reply->body, "hello world");
}

}  // namespace
}  // namespace ebb::sandbox
