// sandbox/wire.h
// What server, helpers and sandboxes say to each other, as plain bytes.
//
// Orders go from the server to a helper over a Unix seqpacket socket, with descriptors.  Each order
// brings a status socket of its own, on which helper and child answer until user code begins: user
// code never holds it.  Frames (frame.h) go over the channel, a stream socket between the server
// and the runtime's shim inside the sandbox.
//
// No Boost, no exceptions, no allocation: also built into the shared object that the Python zygote
// loads.
#pragma once

#include <sched.h>

#include <cstdint>

namespace ebb::sandbox {

enum class OrderKind : std::uint32_t {
  // Build the template root.  Text: the scratch folder, NUL, the name of the cgroup tree.
  // Descriptors: status, then the tree's folders, one a hierarchy, then maybe the list of links
  // whose forwarding is to be switched off in the end.  To the spawner, once.
  kPrepare = 1,
  kZygote,  // Start a Python zygote.  Descriptors: status, its control socket.  To the spawner.
  kLaunch,  // Start one sandbox.
  // Mount a /proc in the mount namespace of another's pid 1, that of its pid namespace.
  // Descriptors: status, the pidfd.  To the spawner.
  kMountProc,
  // Start one process more in a sandbox that there is.  Descriptors: see GuestDescriptor.  To the
  // spawner.
  kEnter,
};

// When the child of a kLaunch goes on to run what it is for.
enum class Begin : std::uint32_t {
  kAtOnce = 0,  // As soon as it is confined.
  kOnGo,        // When one byte has come over the channel, which is then closed.
  kAsStem,      // As kAtOnce, and it has time: the runtime is made warm first.
  kAsTemplate,  // As kAtOnce, with what it takes to fork instances of itself.
};

// The ids that a sandbox's only user has inside; /etc/passwd of the template root names it.
constexpr std::uint32_t kInsideId = 1000;

// Followed by `text_bytes` bytes: NUL-terminated strings, first the arguments, then the
// environment, then for an image the folder to work in.
struct Order {
  OrderKind kind = OrderKind::kLaunch;
  Begin begin = Begin::kAtOnce;
  std::uint32_t uid = 0;  // The sandbox's user and group on the host.
  std::uint32_t inside_uid = kInsideId;
  std::uint32_t inside_gid = kInsideId;
  std::uint32_t join_count = 0;         // How many of the descriptors are cgroups.
  std::uint32_t image = 0;              // 1: the code is the root of an image; else 0.
  std::uint32_t layer_mounts = 0;       // 1: one more descriptor is what goes to /opt; else 0.
  std::uint32_t names_mounts = 0;       // 1: one more descriptor is the resolv.conf; else 0.
  std::uint32_t forwarding_debts = 0;   // kPrepare; 1: the last descriptor is one; else 0.
  std::uint32_t terminal = 0;           // kEnter; 1: the standard descriptors are one; else 0.
  std::uint32_t argument_count = 0;     // 0 to a zygote.
  std::uint32_t environment_count = 0;  // 0 to a zygote.
  std::uint32_t text_bytes = 0;
  char host_name[64] = {};
};

// Descriptors that come with a kLaunch, in this order, then the cgroups, the layers, the
// resolv.conf.
enum OrderDescriptor { kStatusFd, kChannelFd, kOutputFd, kNetworkFd, kCodeFd, kTmpFd, kFixedFds };

// Descriptors that a template is sent over its channel, with one byte, for each instance that it is
// to fork, then the instance's cgroups.
enum ForkDescriptor { kForkStatusFd, kForkChannelFd, kForkOutputFd, kForkFixedFds };

// Those of a kEnter, then the cgroups.  kHostFd is a pidfd of the sandbox's pid 1.
enum GuestDescriptor { kHostFd = kStatusFd + 1, kGuestInFd, kGuestOutFd, kGuestErrFd, kGuestFds };

constexpr unsigned kMaxOrderFds = 16;
constexpr unsigned kMaxOrderText = 128 * 1024;  // FC allows 4 KiB of variables; a command is short.

enum class StatusKind : std::uint32_t {
  kForked = 1,  // The child exists; its pidfd comes along.
  kConfined,    // Every step is done.
  kDone,        // A kPrepare or kZygote is done.
  kFailed,      // `step` could not be done.
  kExited,      // The process of a kEnter has ended; `error` is its exit code, or 128 + signal.
};

struct Status {
  StatusKind kind;
  std::int32_t error;  // errno.
  char step[120];
};

// Descriptors inside a sandbox, beside standard input, output and error.
constexpr int kChannelInside = 3;
constexpr int kStatusInside = 4;

// Where things are inside the template root.
constexpr const char* kLayersLibraries = "/opt/lib";  // FC's place for libraries of layers.
constexpr const char* kRuntimesInside = "/ebb";
constexpr const char* kFilterInside = "/ebb/seccomp.bpf";
constexpr const char* kTemplateFilterInside = "/ebb/seccomp_template.bpf";

// The namespaces that an instance of a template makes at once; its pid namespace comes before them,
// its cgroup namespace after it has joined its cgroups.  One word: the filter compares it.
constexpr int kInstanceNamespaces = CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNET;

}  // namespace ebb::sandbox
