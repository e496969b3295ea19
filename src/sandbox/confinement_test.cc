// What a function sees and cannot do, asked from inside a real sandbox; needs root.
#include "sandbox/sandbox_fixture.h"

namespace ebb::sandbox {
namespace {

// Runs Python lines inside and compares the string that they leave in `r`.
class Confinement : public SandboxFixture {
 protected:
  std::string Ask(const std::string& lines) {
    Code("index.py",
         "import os, sys, ctypes, errno, socket, json, subprocess, threading\n"
         "libc = ctypes.CDLL(None, use_errno=True)\n"
         "def call(*a):\n"
         "    n = libc.syscall(*a)\n"
         "    return 'ok' if n >= 0 else errno.errorcode[ctypes.get_errno()]\n"
         "def tried(f):\n"
         "    try:\n"
         "        return f() or 'ok'\n"
         "    except OSError as e:\n"
         "        return errno.errorcode[e.errno]\n"
         "def handler(event, context):\n"
         "    scope = dict(globals())\n"
         "    exec(event.decode(), scope)\n"
         "    return scope['r']\n");
    if (!sandbox_) sandbox_ = Ready();
    if (!sandbox_) return "no sandbox";
    auto reply = Invoke(*sandbox_, lines);
    if (!reply) return reply.error().Describe() + output_;
    return reply->body;
  }

  void TearDown() override {
    sandbox_.reset();
    SandboxFixture::TearDown();
  }

  std::unique_ptr<Sandbox> sandbox_;
};

TEST_F(Confinement, HasNoCapabilitiesAndNoWayToGetThem) {
  EXPECT_EQ(Ask("s = dict(l.split(':\\t', 1) for l in open('/proc/self/status') if ':\\t' in l)\n"
                "r = ' '.join(s[k].strip() for k in ('CapEff', 'CapPrm', 'CapInh', 'CapAmb', "
                "'NoNewPrivs', 'Seccomp'))"),
            "0000000000000000 0000000000000000 0000000000000000 0000000000000000 1 2");
}

TEST_F(Confinement, RunsAsAnOrdinaryUserInsideAndAsNobodysOnTheHost) {
  EXPECT_EQ(Ask("r = ' '.join(map(str, [*os.getresuid(), *os.getresgid(), os.getgroups()]))"),
            "1000 1000 1000 1000 1000 1000 []");
  const std::string map = Ask("r = ' '.join(open('/proc/self/uid_map').read().split())");
  EXPECT_TRUE(map.starts_with("1000 19")) << map;
}

TEST_F(Confinement, SeesOnlyItsOwnProcesses) {
  EXPECT_EQ(Ask("r = ' '.join(p for p in os.listdir('/proc') if p.isdigit())"), "1");
}

TEST_F(Confinement, SeesNothingOfTheHostsFiles) {
  EXPECT_EQ(Ask("r = ' '.join(sorted(set(os.listdir('/')) - {'lib32', 'libx32'}))"),
            "bin code dev ebb etc home lib lib64 opt proc run sbin sys tmp usr var");
  EXPECT_EQ(Ask("r = ' '.join(str(os.path.exists(p)) for p in "
                "('/etc/shadow', '/root', '/work', '/etc/ssl/private', '/var/lib'))"),
            "False False False False False");
  EXPECT_EQ(Ask("r = open('/etc/passwd').read()"), "function:x:1000:1000::/tmp:/bin/sh\n");
}

TEST_F(Confinement, CanWriteNowhereButToTmp) {
  EXPECT_EQ(Ask("def f(p): open(p, 'w').close()\n"
                "r = ' '.join(tried(lambda: f(p)) for p in ('/x', '/code/x', '/usr/x', '/etc/x', "
                "'/dev/x', '/opt/x', '/proc/sys/kernel/hostname', '/proc/self/oom_score_adj', "
                "'/tmp/x', '/dev/shm/x'))"),
            "EROFS EROFS EROFS EROFS EROFS EROFS EROFS EROFS ok ok");
}

TEST_F(Confinement, HasOnlyALoopback) {
  EXPECT_EQ(Ask("r = ' '.join(l.split(':')[0].strip() for l in "
                "open('/proc/net/dev').readlines()[2:])"),
            "lo");
  EXPECT_EQ(Ask("r = tried(lambda: socket.create_connection(('192.0.2.1', 80), 1).close())"),
            "ENETUNREACH");
  EXPECT_EQ(Ask("def f():\n"
                "    s = socket.create_server(('127.0.0.1', 0))\n"
                "    socket.create_connection(s.getsockname()).close()\n"
                "r = tried(f)"),
            "ok");
}

TEST_F(Confinement, HasNamespacesOfItsOwn) {
  const std::string inside =
      Ask("r = ' '.join(os.readlink('/proc/self/ns/' + n) for n in "
          "('cgroup', 'ipc', 'mnt', 'net', 'pid', 'user', 'uts'))");
  for (const char* name : {"cgroup", "ipc", "mnt", "net", "pid", "user", "uts"}) {
    const std::string ours =
        std::filesystem::read_symlink(std::string("/proc/self/ns/") + name).string();
    EXPECT_EQ(inside.find(ours), std::string::npos) << name;
  }
  EXPECT_TRUE(Ask("r = socket.gethostname()").starts_with("c-"));
}

TEST_F(Confinement, CannotMakeOrEnterNamespacesNorMount) {
  // clone with each namespace flag, clone3, unshare, setns, mount, pivot_root, chroot, fsopen.
  EXPECT_EQ(Ask("flags = (0x20000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000, "
                "0x2000000)\n"
                "r = ' '.join([call(56, f | 17, 0, 0, 0, 0) for f in flags] + [call(435, 0, 0)] +"
                "[call(272, f) for f in flags] + [call(308, 0, 0), "
                "call(165, b'x', b'/tmp', b'tmpfs', 0, 0), call(155, b'.', b'.'), "
                "call(161, b'/tmp'), call(430, b'tmpfs', 0)])"),
            "EPERM EPERM EPERM EPERM EPERM EPERM EPERM ENOSYS "
            "EPERM EPERM EPERM EPERM EPERM EPERM EPERM "
            "EPERM EPERM EPERM EPERM ENOSYS");
}

TEST_F(Confinement, CannotReachTheKernelsDangerousCorners) {
  // ptrace, process_vm_readv, kcmp, bpf, perf_event_open, userfaultfd, keyctl, add_key,
  // request_key, init_module, finit_module, kexec_load, reboot, clock_settime, settimeofday,
  // open_by_handle_at, fanotify_init, iopl, modify_ldt, swapon, syslog, io_setup; io_uring_*,
  // pidfd_getfd are too new to be known.
  EXPECT_EQ(Ask("r = ' '.join(sorted({call(n, 0, 0, 0, 0, 0) for n in (101, 310, 312, 321, 298, "
                "323, 250, 248, 249, 175, 313, 246, 169, 227, 164, 304, 300, 172, 154, 167, 103, "
                "206)}))"),
            "EPERM");
  EXPECT_EQ(Ask("r = ' '.join(sorted({call(n, 0, 0, 0, 0, 0) for n in (425, 426, 427, 438)}))"),
            "ENOSYS");
}

TEST_F(Confinement, HasSocketsOfTheOrdinaryFamiliesOnly) {
  EXPECT_EQ(Ask("def f(n): socket.socket(n, socket.SOCK_DGRAM).close()\n"
                "r = ' '.join(tried(lambda: f(n)) for n in (1, 2, 10, 16, 17, 40, 38))"),
            "ok ok ok EPERM EPERM EPERM EPERM");
  // Of the internet families TCP and UDP only: SCTP, UDP-Lite, MPTCP, raw.
  EXPECT_EQ(Ask("asked = ((1, 6), (2, 17), (1, 132), (2, 136), (1, 262), (3, 1))\n"
                "r = ' '.join(tried(lambda: socket.socket(2, *n).close()) for n in asked)"),
            "ok ok EPERM EPERM EPERM EPERM");
}

TEST_F(Confinement, HoldsNoDescriptorsButStandardOnesAndItsChannel) {
  // 4 is the listing itself.
  EXPECT_EQ(Ask("r = ' '.join(sorted(os.listdir('/proc/self/fd'), key=int))"), "0 1 2 3 4");
  EXPECT_EQ(Ask("r = str(os.get_inheritable(3))"), "False");
}

TEST_F(Confinement, FindsOnlyHarmlessDevices) {
  EXPECT_EQ(Ask("r = ' '.join(sorted(os.listdir('/dev')))"),
            "fd full null random shm stderr stdin stdout urandom zero");
  EXPECT_EQ(Ask("r = tried(lambda: os.mknod('/tmp/d', 0o20666, os.makedev(1, 1)))"), "EPERM");
}

TEST_F(Confinement, IsLimitedInDiskByBytesAndInodes) {
  EXPECT_EQ(Ask("v = os.statvfs('/tmp')\nr = f'{v.f_blocks * v.f_frsize >> 20} {v.f_files}'"),
            "64 16384");
  EXPECT_EQ(Ask("def f():\n"
                "    with open('/tmp/big', 'wb', buffering=0) as o:\n"
                "        while o.write(bytes(1 << 20)): pass\n"
                "r = tried(f)"),
            "ENOSPC");
}

TEST_F(Confinement, CannotRaiseItsOwnLimits) {
  EXPECT_EQ(Ask("import resource\n"
                "most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]\n"
                "try:\n"
                "    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most + 1)); r = 'ok'\n"
                "except ValueError:\n"
                "    r = 'refused'"),
            "refused");
}

// 0 would let a crash start the host's crash handler; whoever asks for it is told that it is done.
TEST_F(Confinement, KeepsTheLimitOfCoreFilesWithWhichNoCrashHandlerRuns) {
  EXPECT_EQ(Ask("import resource\n"
                "resource.setrlimit(resource.RLIMIT_CORE, (0, 0))\n"
                "r = call(160, resource.RLIMIT_CORE, bytes(16))\n"  // setrlimit, not prlimit.
                "r += ' %d %d' % resource.getrlimit(resource.RLIMIT_CORE)"),
            "ok 1 1");
}

TEST_F(Confinement, DoesNotMakeTheHostWriteOutItsDisks) {
  // syncfs, fsync, fdatasync of no descriptor: answered without the kernel, which would refuse.
  EXPECT_EQ(Ask("r = ' '.join(call(n, -1) for n in (306, 74, 75))"), "ok ok ok");
}

TEST_F(Confinement, CannotTypeIntoTerminalsNorAttachPacketFilters) {
  // TIOCSTI, TIOCLINUX, TIOCSETD of /dev/null, also with a bit set that the kernel does not see.
  EXPECT_EQ(Ask("high = 1 << 32\n"
                "asked = (0x5412, 0x541c, 0x5423, 0x5412 | high)\n"
                "r = ' '.join(call(16, 0, ctypes.c_ulong(n), b'x') for n in asked)"),
            "EPERM EPERM EPERM EPERM");
  EXPECT_EQ(
      Ask("s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
          "r = ' '.join(tried(lambda: s.setsockopt(1, n, bytes(16))) for n in (26, 50, 51, 52))\n"
          "s.setsockopt(1, socket.SO_RCVBUF, 4096)"),
      "EPERM EPERM EPERM EPERM");
}

TEST_F(Confinement, RunsProgramsButNeverWithMorePrivilege) {
  EXPECT_EQ(Ask("r = subprocess.run(['/bin/sh', '-c', 'id -u; grep -c nosuid /proc/mounts'], "
                "capture_output=True, text=True).stdout.split()[0]"),
            "1000");
  // Everything that is mounted ignores set-user-id bits.
  EXPECT_EQ(Ask("r = ' '.join(l.split()[1] for l in open('/proc/mounts') if 'nosuid' not in l)"),
            "");
}

}  // namespace
}  // namespace ebb::sandbox
