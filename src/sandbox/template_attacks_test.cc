// What a version's code may try while it is loaded in a template, and what comes of it; needs root.
#include <fmt/format.h>

#include "sandbox/template_fixture.h"

namespace ebb::sandbox {
namespace {

// Replaces what a template does by a liar, which skips the steps named in `skip`, with hooks for
// more.  It is Python, as the code of any user's may be.
constexpr std::string_view kLiar = R"(
import array, ctypes, os, signal, socket, struct, sys, threading, time
from ebb_runtime import forking, frames, template
libc = ctypes.CDLL(None, use_errno=True)
skip, made_by, kept = set(), 'the platform', []
NEWPID, NEWCGROUP, OTHERS = 0x20000000, 0x02000000, 0x00020000 | 0x08000000 | 0x04000000 | 0x40000000

def before_joining(): pass
def before_dropping(): pass
def in_forker(descriptors): pass

def say(status, kind):
    os.write(status, struct.pack('<Ii120s', kind, 0, b''))

def drop_capabilities():
    libc.capset(struct.pack('<II', 0x20080522, 0), bytes(24))

def filter_calls():
    program = open('/ebb/seccomp.bpf', 'rb').read()
    here = ctypes.create_string_buffer(program, len(program))
    libc.prctl(22, 2, struct.pack('<HxxxxxxQ', len(program) // 8, ctypes.addressof(here)), 0, 0)

def confine(status, channel, output, *joins):
    before_joining()
    if 'cgroups' not in skip:
        for join in joins:
            os.write(join, b'0')
    if 'namespaces' not in skip:
        libc.unshare(OTHERS)
    say(status, 1)
    os.read(status, 1)
    if 'cgroup namespace' not in skip:
        libc.unshare(NEWCGROUP)
    before_dropping()
    if 'capabilities' not in skip:
        drop_capabilities()
    if 'filter' not in skip:
        filter_calls()
    for fd, at in ((output, 1), (output, 2), (channel, 3)):
        os.dup2(fd, at, inheritable=False)
    say(status, 2)
    os.close(status)
    if 'descriptors' not in skip:
        os.closerange(4, 1000)

def become(native):
    global made_by
    forking.ours = True  # Else a child's channel is closed.
    if libc.unshare(NEWPID) != 0 or os.fork() != 0:
        template._be_init()
    if os.fork() != 0:
        template._be_init()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    made_by = 'the liar'
    frames.send(b'T')
    channel = socket.socket(fileno=3)
    while True:
        data, rights, *_ = channel.recvmsg(1, 1024)
        if not data:
            os._exit(0)
        descriptors = array.array('i', rights[0][2]).tolist()
        own = os.open('/proc/self/ns/pid', os.O_RDONLY)
        libc.unshare(NEWPID)
        child = os.fork()
        if child == 0:
            channel.detach()
            confine(*descriptors)
            forking.ours = False
            return
        libc.setns(own, NEWPID)
        in_forker(descriptors)
        for fd in reversed([*descriptors, own]):
            if fd not in kept:
                os.close(fd)

template.become = become
)";

class TemplateAttacks : public TemplateFixture {
 protected:
  // Runs the loop until the template has become what it will.
  std::string Settled() {
    const Deadline give_up = Soon();
    while (!give_up.passed(std::chrono::steady_clock::now())) {
      const auto state = State();
      if (!state) return "forgotten";
      if (state->stage == Stage::kRefused) return "refused: " + state->why;
      if (state->stage == Stage::kReady && state->spares > 0) return "ready";
      testkit::RunToEnd(io(), net::SleepFor(Millis(1)));
    }
    return "waited for in vain";
  }
  // What a second instance says of itself, when the template of the first has become what it will.
  std::string Try(const std::string& while_loading) {
    SlowCode(while_loading);
    auto first = Ready(VersionSpec());
    if (!first) return "no first instance";
    settled_ = Settled();
    auto second = Ready(VersionSpec());
    if (!second) return "no second instance";
    return Answer(*second);
  }
  std::string TryLiar(const std::string& lies) {
    return Try(std::string(kLiar) + lies + "\ndef handler(e, c): return made_by\n");
  }

  std::string settled_;
};

constexpr const char* kOrdinary = "\ndef handler(e, c): return 'served'\n";

TEST_F(TemplateAttacks, TheLiarThatSkipsNothingIsBelieved) {  // So the others have teeth.
  EXPECT_EQ(TryLiar(""), "the liar") << settled_;
}

TEST_F(TemplateAttacks, AnInstanceThatStaysOutOfItsCgroupsIsNotUsed) {
  EXPECT_EQ(TryLiar("skip.add('cgroups')"), "the platform") << settled_;
}

TEST_F(TemplateAttacks, AnInstanceThatSharesNamespacesIsNotUsed) {
  EXPECT_EQ(TryLiar("skip.add('namespaces')"), "the platform") << settled_;
}

TEST_F(TemplateAttacks, AnInstanceThatSharesTheCgroupNamespaceIsNotUsed) {
  EXPECT_EQ(TryLiar("skip.add('cgroup namespace')"), "the platform") << settled_;
}

TEST_F(TemplateAttacks, AnInstanceThatKeepsCapabilitiesIsNotUsed) {
  EXPECT_EQ(TryLiar("skip.add('capabilities')"), "the platform") << settled_;
}

TEST_F(TemplateAttacks, AnInstanceThatKeepsTheFilterOfTheTemplateIsNotUsed) {
  EXPECT_EQ(TryLiar("skip.add('filter')"), "the platform") << settled_;
}

// Capabilities are a thread's own: what the first drops, another keeps.
TEST_F(TemplateAttacks, AnInstanceThatKeepsCapabilitiesInAThreadIsNotUsed) {
  EXPECT_EQ(TryLiar("def before_dropping():\n"
                    "    threading.Thread(target=time.sleep, args=(1000,), daemon=True).start()\n"),
            "the platform")
      << settled_;
}

TEST_F(TemplateAttacks, AnInstanceWithAThreadOutsideOfItsCgroupsIsNotUsed) {
  EXPECT_EQ(TryLiar("def before_joining():\n"
                    "    threading.Thread(target=time.sleep, args=(1000,), daemon=True).start()\n"),
            "the platform")
      << settled_;
}

TEST_F(TemplateAttacks, AnInstanceThatLeavesAProcessInTheCgroupsOfTheTemplateIsNotUsed) {
  EXPECT_EQ(TryLiar("def before_joining():\n"
                    "    if os.fork() == 0:\n"
                    "        os.closerange(3, 1000)\n"
                    "        time.sleep(1000)\n"),
            "the platform")
      << settled_;
}

// It would not end with its pid 1, and be seen by the sibling whose namespace it is.
TEST_F(TemplateAttacks, AnInstanceThatIsNotTheFirstOfItsPidNamespaceIsNotUsed) {
  EXPECT_EQ(TryLiar("def before_joining():\n"
                    "    if os.fork() != 0: time.sleep(1000)\n"),
            "the platform")
      << settled_;
}

// Open to be written by root, they would move whoever has them out of its own cgroups.
TEST_F(TemplateAttacks, AnInstanceThatKeepsTheFilesOfItsCgroupsIsNotUsed) {
  EXPECT_EQ(TryLiar("skip.add('descriptors')"), "the platform") << settled_;
}

// With it, who forks could answer for the instance.
TEST_F(TemplateAttacks, AnInstanceWhoseChannelIsKeptByTheTemplateIsNotUsed) {
  EXPECT_EQ(TryLiar("def in_forker(descriptors): kept.append(descriptors[1])\n"), "the platform")
      << settled_;
}

TEST_F(TemplateAttacks, AnInstanceWhoseStatusSocketIsKeptByTheTemplateIsNotUsed) {
  EXPECT_EQ(TryLiar("def in_forker(descriptors): kept.append(descriptors[0])\n"), "the platform")
      << settled_;
}

TEST_F(TemplateAttacks, AThreadThatWasStartedRefusesTheTemplate) {
  EXPECT_EQ(Try(std::string("import threading\nthreading.Thread(target=time.sleep, args=(1000,), "
                            "daemon=True).start()") +
                kOrdinary),
            "served");
  EXPECT_TRUE(settled_.starts_with("refused: ")) << settled_;
}

TEST_F(TemplateAttacks, ASocketLeftOpenRefusesTheTemplate) {
  EXPECT_EQ(Try(std::string("import socket\nkept = socket.socketpair()") + kOrdinary), "served");
  EXPECT_TRUE(settled_.starts_with("refused: ")) << settled_;
}

TEST_F(TemplateAttacks, AFileLeftOpenRefusesTheTemplate) {
  EXPECT_EQ(Try(std::string("kept = open('/code/index.py')") + kOrdinary), "served");
  EXPECT_TRUE(settled_.starts_with("refused: ")) << settled_;
}

TEST_F(TemplateAttacks, AProcessLeftRunningRefusesTheTemplate) {
  EXPECT_EQ(Try(std::string("import os\nif os.fork() == 0: time.sleep(1000)") + kOrdinary),
            "served");
  EXPECT_TRUE(settled_.starts_with("refused: ")) << settled_;
}

TEST_F(TemplateAttacks, SharedMemoryLeftMappedIsSharedWithNobody) {
  const std::string said =
      Try("import mmap, os\n"
          "shared = mmap.mmap(-1, 4096)\n"  // MAP_SHARED: all instances would have one.
          "def handler(e, c):\n"
          "    before = shared[0]\n"
          "    shared[0] = 1\n"
          "    return str(before)\n");
  EXPECT_EQ(said, "0") << settled_;
  auto third = Ready(VersionSpec());
  ASSERT_TRUE(third);
  EXPECT_EQ(Invoke(*third, "")->body, "0") << settled_;
}

}  // namespace
}  // namespace ebb::sandbox
