// Layers in real sandboxes: what is seen at /opt, and by whom.  Needs root.
#include <sys/stat.h>

#include "sandbox/sandbox_fixture.h"

namespace ebb::sandbox {
namespace {

class LayersTest : public SandboxFixture {
 protected:
  // Writes a file of a layer.
  base::Path Layer(const std::string& layer, const std::string& name, const std::string& content) {
    const base::Path folder = folder_.path() / layer;
    std::filesystem::create_directories((folder / name).parent_path());
    std::ofstream(folder / name) << content;
    return folder;
  }
  std::string Answer(Sandbox& sandbox, const std::string& event = "") {
    auto reply = Invoke(sandbox, event);
    if (!reply) return reply.error().Describe() + output_;
    return reply->body;
  }
};

constexpr const char* kReadOpt = R"(
def handler(event, context):
    try: return open('/opt/' + event.decode()).read()
    except OSError as e: return e.strerror
)";

TEST_F(LayersTest, OfFilesWithOneNameTheFirstLayersIsSeen) {
  Code("index.py", kReadOpt);
  Spec spec = MakeSpec();
  spec.layers = {Layer("a", "both", "first"), Layer("b", "both", "second")};
  Layer("a", "share/one", "1");
  Layer("b", "share/two", "2");
  auto sandbox = Ready(std::move(spec));
  ASSERT_TRUE(sandbox);
  EXPECT_EQ(Answer(*sandbox, "both"), "first");
  EXPECT_EQ(Answer(*sandbox, "share/one"), "1");
  EXPECT_EQ(Answer(*sandbox, "share/two"), "2");
}

TEST_F(LayersTest, CannotBeWrittenTo) {
  Code("index.py", R"(
def handler(event, context):
    try: open('/opt/' + event.decode(), 'w'); return 'written'
    except OSError as e: return e.strerror
)");
  const base::Path a = Layer("a", "file", "1");
  const base::Path b = Layer("b", "file", "2");
  chmod((a / "file").c_str(), 0666);
  chmod(a.c_str(), 0777);
  for (const std::vector<base::Path>& layers : {std::vector{a}, std::vector{a, b}}) {
    Spec spec = MakeSpec();
    spec.layers = layers;
    auto sandbox = Ready(std::move(spec));
    ASSERT_TRUE(sandbox);
    EXPECT_EQ(Answer(*sandbox, "file"), "Read-only file system");
    EXPECT_EQ(Answer(*sandbox, "new"), "Read-only file system");
  }
}

TEST_F(LayersTest, OfAPythonFunctionAreSearchedForModulesAfterItsOwnCode) {
  Code("index.py", "import mine, shared\ndef handler(e, c): return mine.name + shared.name");
  Code("mine.py", "name = 'own'");
  Layer("a", "python/mine.py", "name = 'layer'");
  Spec spec = MakeSpec();
  spec.layers = {Layer("a", "python/shared.py", "name = '+layer'")};
  auto sandbox = Ready(std::move(spec));
  ASSERT_TRUE(sandbox);
  EXPECT_EQ(Answer(*sandbox), "own+layer");
}

TEST_F(LayersTest, OfANodeFunctionAreSearchedForModules) {
  Code("index.js", "const s = require('shared'); exports.handler = async () => s.name;");
  Spec spec = MakeSpec(Runtime::kNode);
  spec.layers = {Layer("a", "nodejs/node_modules/shared/index.js", "exports.name = 'layer';")};
  auto sandbox = Ready(std::move(spec));
  ASSERT_TRUE(sandbox);
  EXPECT_EQ(Answer(*sandbox), "layer");
}

TEST_F(LayersTest, BringProgramsAndSharedLibraries) {
  Code("index.py", R"(
import ctypes, subprocess
def handler(event, context):
    ctypes.CDLL('libonlyinalayer.so')
    return subprocess.check_output(['tool'])
)");
  const base::Path a = Layer("a", "bin/tool", "#!/bin/sh\necho -n \"$LD_LIBRARY_PATH\"");
  chmod((a / "bin/tool").c_str(), 0755);
  std::filesystem::create_directories(a / "lib");
  std::filesystem::copy_file("/lib/x86_64-linux-gnu/libz.so.1", a / "lib/libonlyinalayer.so");
  Spec spec = MakeSpec();
  spec.layers = {a};
  auto sandbox = Ready(std::move(spec));
  ASSERT_TRUE(sandbox);
  EXPECT_EQ(Answer(*sandbox), "/opt/lib");
}

TEST_F(LayersTest, CannotReplaceWhatRunsTheFunction) {
  Code("index.js", "exports.handler = async () => 'whole';");
  Spec spec = MakeSpec(Runtime::kNode);
  spec.layers = {Layer("a", "ebb/node/shim.cjs", "throw 1"), Layer("b", "ebb/seccomp.bpf", "")};
  auto sandbox = Ready(std::move(spec));
  ASSERT_TRUE(sandbox);
  EXPECT_EQ(Answer(*sandbox), "whole");
}

TEST_F(LayersTest, ThatIsGoneFailsTheStartByName) {
  Code("index.py", kReadOpt);
  Spec spec = MakeSpec();
  spec.layers = {folder_.path() / "nowhere"};
  const auto sandbox = Launch(std::move(spec));
  ASSERT_FALSE(sandbox);
  EXPECT_EQ(sandbox.error().kind(), ErrorKind::kUnavailable);
  EXPECT_NE(sandbox.error().message().find("nowhere"), std::string::npos)
      << sandbox.error().message();
}

}  // namespace
}  // namespace ebb::sandbox
