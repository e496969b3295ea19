#include "sandbox/host_look.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "sandbox/elf_needs.h"
#include "testkit/temp_folder.h"

namespace ebb::sandbox {
namespace {

namespace fs = std::filesystem;

// A host in a folder: a Python without libraries, no Node.
class HostLookTest : public testing::Test {
 protected:
  HostLookTest() {
    Write("usr/bin/python3.11", "the interpreter");
    fs::create_symlink("python3.11", root() / "usr/bin/python3");
    Write("usr/lib/python3.11/os.py", "import sys");
  }
  const base::Path& root() const { return folder_.path(); }
  void Write(const std::string& path, const std::string& content) {
    fs::create_directories((root() / path).parent_path());
    std::ofstream(root() / path) << content;
  }
  // As package managers do it.
  void Replace(const std::string& path, const std::string& content) {
    Write(path + ".new", content);
    fs::rename(root() / (path + ".new"), root() / path);
  }
  std::string PythonNow() {
    last_ = LookAtHost(root(), last_);
    return IdOf(last_.marks.at(HostRuntime::kPython));
  }

  testkit::TempFolder folder_;
  HostLook last_;
};

TEST_F(HostLookTest, LooksAtAHostThatNobodyChangesSeeTheSame) {
  const std::string before = PythonNow();
  EXPECT_EQ(PythonNow(), before);
  EXPECT_EQ(IdOf(LookAtHost(root(), {}).marks.at(HostRuntime::kPython)), before);
}

TEST_F(HostLookTest, ReplacedInterpreterIsAnotherBuildThoughItsSizeIsTheSame) {
  const std::string before = PythonNow();
  Replace("usr/bin/python3.11", "another program");
  EXPECT_NE(PythonNow(), before);
}

TEST_F(HostLookTest, LinkThatPointsAtAnotherVersionIsAnotherBuild) {
  const std::string before = PythonNow();
  Write("usr/bin/python3.12", "the interpreter");
  fs::create_symlink("python3.12", root() / "usr/bin/python3.new");
  fs::rename(root() / "usr/bin/python3.new", root() / "usr/bin/python3");
  EXPECT_NE(PythonNow(), before);
}

TEST_F(HostLookTest, ReplacedModuleOfTheStandardLibraryIsAnotherBuild) {
  Write("usr/lib/python3.11/json.py", "old");
  const std::string before = PythonNow();
  Replace("usr/lib/python3.11/json.py", "new");
  EXPECT_NE(PythonNow(), before);
}

TEST_F(HostLookTest, WhatBelongsToNoRuntimeChangesNothing) {
  const std::string before = PythonNow();
  Write("usr/bin/vim", "an editor");
  EXPECT_EQ(PythonNow(), before);
}

TEST_F(HostLookTest, ReplacedLibraryOfTheInterpreterIsAnotherBuild) {
  // A real program, whose library is in a folder that the dynamic linker looks in.
  fs::copy_file("/bin/true", root() / "usr/bin/python3.11", fs::copy_options::overwrite_existing);
  ASSERT_FALSE(ReadElfNeeds("/bin/true").names.empty());
  Write("usr/lib/" + ReadElfNeeds("/bin/true").names.front(), "the C library");
  const std::string before = PythonNow();
  Replace("usr/lib/" + ReadElfNeeds("/bin/true").names.front(), "a C library");
  EXPECT_NE(PythonNow(), before);
}

TEST_F(HostLookTest, WhatIsNotThereIsSeenWhenItComes) {
  EXPECT_FALSE(IsThere(LookAtHost(root(), {}).marks.at(HostRuntime::kNode)));
  last_ = LookAtHost(root(), {});
  Write("usr/bin/node", "node");
  EXPECT_TRUE(IsThere(LookAtHost(root(), last_).marks.at(HostRuntime::kNode)));
}

TEST_F(HostLookTest, PythonIsAmongWhatProgramsOfCustomRuntimesMayUse) {
  const HostLook before = LookAtHost(root(), {});
  Replace("usr/bin/python3.11", "another program");
  const HostLook after = LookAtHost(root(), before);
  EXPECT_NE(IdOf(after.marks.at(HostRuntime::kSystem)),
            IdOf(before.marks.at(HostRuntime::kSystem)));
  EXPECT_EQ(IdOf(after.marks.at(HostRuntime::kNode)), IdOf(before.marks.at(HostRuntime::kNode)));
}

TEST_F(HostLookTest, VersionIsThatOfThePackageThatTheProgramIsOf) {
  Write("var/lib/dpkg/status",
        "Package: python3.11\nVersion: 1\n\nPackage: python3.11-minimal\nStatus: ok\n"
        "Version: 3.11.2-6+deb12u6\nDescription: x\n\nPackage: libc6\nVersion: 2.36-9\n");
  EXPECT_EQ(VersionOf(root(), HostRuntime::kPython), "");
  Write("var/lib/dpkg/info/python3.11-minimal.list", "/.\n/usr/bin/python3.11\n");
  EXPECT_EQ(VersionOf(root(), HostRuntime::kPython), "3.11.2-6+deb12u6");
  EXPECT_EQ(VersionOf(root(), HostRuntime::kSystem), "libc6 2.36-9");
  EXPECT_EQ(VersionOf(root(), HostRuntime::kNode), "");
}

TEST_F(HostLookTest, LockOfThePackageManagerIsSeenForAsLongAsItIsHeld) {
  Write("var/lib/dpkg/lock", "");
  EXPECT_FALSE(LookAtHost(root(), {}).packages_change);
  int locked[2];
  int done[2];
  ASSERT_EQ(pipe(locked), 0);
  ASSERT_EQ(pipe(done), 0);
  const pid_t dpkg = fork();
  if (dpkg == 0) {
    struct flock lock{};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    const int fd = open((root() / "var/lib/dpkg/lock").c_str(), O_RDWR);
    char byte = fcntl(fd, F_SETLK, &lock) == 0 ? 'y' : 'n';
    if (write(locked[1], &byte, 1) != 1 || read(done[0], &byte, 1) != 1) _exit(1);
    _exit(0);
  }
  char byte = 'n';
  ASSERT_EQ(read(locked[0], &byte, 1), 1);
  ASSERT_EQ(byte, 'y');
  EXPECT_TRUE(LookAtHost(root(), {}).packages_change);
  ASSERT_EQ(write(done[1], "d", 1), 1);
  ASSERT_EQ(waitpid(dpkg, nullptr, 0), dpkg);
  EXPECT_FALSE(LookAtHost(root(), {}).packages_change);
}

TEST(ElfNeedsTest, WhatIsNoProgramNeedsNothing) {
  testkit::TempFolder folder;
  for (const std::string& content : {std::string(), std::string("#!/bin/sh\n"),
                                     "\x7f"
                                     "ELF\2\1" +
                                         std::string(200, '\xff')}) {
    std::ofstream(folder.path() / "file") << content;
    EXPECT_TRUE(ReadElfNeeds(folder.path() / "file").names.empty());
  }
  EXPECT_TRUE(ReadElfNeeds(folder.path() / "nothing").names.empty());
}

TEST(ElfNeedsTest, ProgramNeedsTheCLibraryAndTheDynamicLinker) {
  const ElfNeeds needs = ReadElfNeeds("/bin/true");
  EXPECT_EQ(std::ranges::count(needs.names, "libc.so.6"), 1);
  EXPECT_TRUE(needs.interpreter.string().contains("ld-linux"));
}

}  // namespace
}  // namespace ebb::sandbox
