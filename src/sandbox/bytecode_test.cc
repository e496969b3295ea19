#include "sandbox/bytecode.h"

#include <sys/stat.h>

#include "net/timing.h"
#include "sandbox/sandbox_fixture.h"

namespace ebb::sandbox {
namespace {

namespace fs = std::filesystem;

class BytecodeFiles : public testing::Test {
 protected:
  void SetUp() override { fs::create_directories(package_ / "lib"); }
  ErrorKind Refused(const std::string& path) {
    auto saved = SaveBytecode(package_, {path, "x"});
    return saved ? ErrorKind::kInternal : saved.error().kind();
  }
  testkit::TempFolder folder_;
  const base::Path package_ = folder_.path() / "code";
};

TEST_F(BytecodeFiles, AreWrittenBesideTheirSource) {
  ASSERT_TRUE(SaveBytecode(package_, {"__pycache__/a.cpython-311.pyc", "one"}));
  ASSERT_TRUE(SaveBytecode(package_, {"lib/__pycache__/b.cpython-311.pyc", "two"}));
  EXPECT_EQ(*base::ReadFile(package_ / "__pycache__/a.cpython-311.pyc"), "one");
  EXPECT_EQ(*base::ReadFile(package_ / "lib/__pycache__/b.cpython-311.pyc"), "two");
}

TEST_F(BytecodeFiles, WhatACrashLeftUnfinishedIsWrittenAnew) {
  fs::create_directories(package_ / "__pycache__");
  std::ofstream(package_ / "__pycache__/a.cpython-311.pyc.ebb-unfinished") << "half";
  ASSERT_TRUE(SaveBytecode(package_, {"__pycache__/a.cpython-311.pyc", "whole"}));
  EXPECT_EQ(*base::ReadFile(package_ / "__pycache__/a.cpython-311.pyc"), "whole");
  EXPECT_FALSE(fs::exists(package_ / "__pycache__/a.cpython-311.pyc.ebb-unfinished"));
}

TEST_F(BytecodeFiles, WhatNamesNoBytecodeIsRefused) {
  for (const char* path : {"", "a.pyc", "index.py", "__pycache__/a.py", "__pycache__",
                           "/__pycache__/a.pyc", "lib/other/a.pyc"}) {
    EXPECT_EQ(Refused(path), ErrorKind::kInvalid) << path;
  }
}

TEST_F(BytecodeFiles, NoneLeavesThePackageWhateverItsLinksSay) {
  const base::Path outside = folder_.path() / "outside";
  fs::create_directories(outside / "__pycache__");
  fs::create_directory_symlink(outside, package_ / "link");
  fs::create_directory_symlink(outside, package_ / "lib/__pycache__");
  for (const char* path : {"../outside/__pycache__/a.pyc", "link/__pycache__/a.pyc",
                           "lib/__pycache__/a.pyc", "lib/../../outside/__pycache__/a.pyc"}) {
    EXPECT_EQ(Refused(path), ErrorKind::kInvalid) << path;
  }
  EXPECT_TRUE(fs::is_empty(outside / "__pycache__"));
  EXPECT_FALSE(fs::exists(outside / "a.pyc"));
}

class CompiledAhead : public SandboxFixture {
 protected:
  // Starts an instance of a version that no other test has, and returns what it answers.
  std::string Run() {
    Spec spec = MakeSpec();
    spec.version =
        std::string(testing::UnitTest::GetInstance()->current_test_info()->name()) + "@1";
    spec.layers = layers_;
    auto sandbox = Ready(std::move(spec));
    if (!sandbox) return "";
    auto reply = Invoke(*sandbox, "");
    return reply ? reply->body : reply.error().Describe();
  }
  static bool HasBytecode(const base::Path& folder) {
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(folder / "__pycache__", error)) {
      if (entry.path().extension() == ".pyc") return true;
    }
    return false;
  }
  // Runs the loop until the sources in `folder` are compiled.
  bool Compiled(const base::Path& folder) {
    const Deadline give_up = Soon();
    while (!HasBytecode(folder) && !give_up.passed(std::chrono::steady_clock::now())) {
      testkit::RunToEnd(io(), net::SleepFor(Millis(1)));
    }
    return HasBytecode(folder);
  }
  base::Path code() const { return folder_.path() / "code"; }

  std::vector<base::Path> layers_;
};

TEST_F(CompiledAhead, VersionThatHasLoadedOnceIsNotCompiledAgain) {
  Code("index.py", "def handler(e, c): return 'as compiled'\n");
  ASSERT_EQ(Run(), "as compiled");
  ASSERT_TRUE(Compiled(code()));
  // Nobody can write to a package; this shows that its source is not even looked at.
  Code("index.py", "def handler(e, c): return 'from source'\n");
  EXPECT_EQ(Run(), "as compiled");
}

TEST_F(CompiledAhead, PackagesInFoldersAreToo) {
  Code("index.py", "import lib.part\ndef handler(e, c): return lib.part.name()\n");
  Code("lib/part.py", "def name(): return 'as compiled'\n");
  ASSERT_EQ(Run(), "as compiled");
  ASSERT_TRUE(Compiled(code() / "lib"));
  Code("lib/part.py", "def name(): return 'from source'\n");
  EXPECT_EQ(Run(), "as compiled");
}

TEST_F(CompiledAhead, LayersAreToo) {
  const base::Path layer = folder_.path() / "layer";
  fs::create_directories(layer / "python");
  std::ofstream(layer / "python/part.py") << "def name(): return 'as compiled'\n";
  layers_ = {layer};
  Code("index.py", "import part\ndef handler(e, c): return part.name()\n");
  ASSERT_EQ(Run(), "as compiled");
  ASSERT_TRUE(Compiled(layer / "python"));
  std::ofstream(layer / "python/part.py") << "def name(): return 'from source'\n";
  EXPECT_EQ(Run(), "as compiled");
}

TEST_F(CompiledAhead, SourcesRunNowhereAndThoseThatDoNotCompileHarmNoOthers) {
  Code("index.py", "def handler(e, c): return 'ok'\n");
  Code("a_broken.py", "def (\n");
  Code("b_deep.py", std::string(20'000, '(') + "\n");
  Code("c_bytes.py", "x = '\xff'\n");
  Code("d_loud.py", "import os\nos.kill(1, 9)\n");
  ASSERT_EQ(Run(), "ok");
  ASSERT_TRUE(Compiled(code()));
  EXPECT_EQ(Run(), "ok");
}

TEST_F(CompiledAhead, BytecodeThatThePackageBringsStays) {
  Code("index.py", "import os, other\ndef handler(e, c): return 'ok'\n");
  Code("other.py", "");
  Code("__pycache__/other.cpython-311.pyc", "of another python");
  ASSERT_EQ(Run(), "ok");
  const Deadline give_up = Soon();
  const auto made = [&] { return fs::exists(code() / "__pycache__/index.cpython-311.pyc"); };
  while (!made() && !give_up.passed(std::chrono::steady_clock::now())) {
    testkit::RunToEnd(io(), net::SleepFor(Millis(1)));
  }
  ASSERT_TRUE(made());
  EXPECT_EQ(*base::ReadFile(code() / "__pycache__/other.cpython-311.pyc"), "of another python");
}

}  // namespace
}  // namespace ebb::sandbox
