#include "sandbox/seccomp_exceptions.h"

#include <asm/ioctls.h>
#include <linux/seccomp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <cerrno>
#include <cstddef>
#include <iterator>

namespace ebb::sandbox {
namespace {

constexpr std::uint32_t kRefuse = SECCOMP_RET_ERRNO | EPERM;
constexpr std::uint32_t kPretend = SECCOMP_RET_ERRNO;  // The call says that it was done.

enum class Is { kEqual, kNotNull };

struct Condition {
  unsigned argument;
  Is is;
  std::uint32_t value = 0;
};

struct Exception {
  std::uint32_t call;
  std::vector<Condition> when;  // All of them.
  std::uint32_t then;
};

std::vector<Exception> All() {
  std::vector<Exception> all;
  // Text typed into a terminal that the sandbox shares with somebody, pasted into a console, and
  // line disciplines, which the kernel loads modules for.
  for (const int request : {TIOCSTI, TIOCLINUX, TIOCSETD}) {
    all.push_back({SYS_ioctl, {{1, Is::kEqual, static_cast<std::uint32_t>(request)}}, kRefuse});
  }
  // Programs that the kernel would compile and run.
  for (const int option :
       {SO_ATTACH_FILTER, SO_ATTACH_BPF, SO_ATTACH_REUSEPORT_CBPF, SO_ATTACH_REUSEPORT_EBPF}) {
    all.push_back(
        {SYS_setsockopt,
         {{1, Is::kEqual, SOL_SOCKET}, {2, Is::kEqual, static_cast<std::uint32_t>(option)}},
         kRefuse});
  }
  // The limit of core files must stay as confine.cc sets it.  Programs that turn core files off are
  // told that they have.
  all.push_back({SYS_setrlimit, {{0, Is::kEqual, RLIMIT_CORE}}, kPretend});
  all.push_back({SYS_prlimit64, {{1, Is::kEqual, RLIMIT_CORE}, {2, Is::kNotNull}}, kPretend});
  return all;
}

// Where the halves of an argument lie; little-endian, as everywhere in Ebb.
std::uint32_t LowerHalf(unsigned argument) {
  return static_cast<std::uint32_t>(offsetof(seccomp_data, args) + argument * 8);
}

sock_filter Load(std::uint32_t offset) { return BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset); }
sock_filter Return(std::uint32_t action) { return BPF_STMT(BPF_RET | BPF_K, action); }
// `skip`: how many instructions to leave out where it does not hold.
sock_filter IfEqual(std::uint32_t value, std::size_t skip) {
  return BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, static_cast<std::uint8_t>(skip));
}

std::size_t Length(const Condition& condition) { return condition.is == Is::kEqual ? 2 : 4; }

void Append(std::vector<sock_filter>& program, const Exception& exception) {
  std::size_t left = 1;  // Instructions of this exception that are still to come: the last returns.
  for (const Condition& condition : exception.when) left += Length(condition);
  program.push_back(Load(offsetof(seccomp_data, nr)));
  program.push_back(IfEqual(exception.call, left));
  for (const Condition& condition : exception.when) {
    left -= Length(condition);
    const std::uint32_t lower = LowerHalf(condition.argument);
    program.push_back(Load(lower));
    if (condition.is == Is::kEqual) {
      program.push_back(IfEqual(condition.value, left));
      continue;
    }
    // A pointer is null when both halves are: on any bit in the first, over the second.
    program.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 2));
    program.push_back(Load(lower + 4));
    program.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, static_cast<std::uint8_t>(left), 0));
  }
  program.push_back(Return(exception.then));
}

}  // namespace

std::vector<sock_filter> MakeExceptions() {
  std::vector<sock_filter> program;
  for (const Exception& exception : All()) Append(program, exception);
  return program;
}

}  // namespace ebb::sandbox
