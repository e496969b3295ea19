// Ways around the filter itself: other calling conventions, other words for the same.
#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <termios.h>
#include <unistd.h>

#include "probe.h"

namespace probe {
namespace {

constexpr const char* kFilter = "around the filter";
constexpr long kX32 = 0x40000000;  // __X32_SYSCALL_BIT
constexpr long kHighBits = 1L << 32;

// 20 is getpid for i386 and writev for x86_64: what a filter that does not look at the
// architecture would allow.
std::string CallAsI386() {
  long answer = 20;
  asm volatile("int $0x80" : "+a"(answer) : : "memory", "r8", "r9", "r10", "r11");
  return answer == getpid() ? std::string(kPossible) : "answered " + std::to_string(answer);
}

std::string CallAsX32() { return Outcome(Raw(kX32 + SYS_getpid)); }
std::string UnshareAsX32() { return Outcome(Raw(kX32 + SYS_unshare, 0)); }
std::string CallBeyondTheTable() { return Outcome(Raw(100'000)); }
std::string CallMinusOne() { return Outcome(Raw(-1)); }

std::string TypeForOthers() {
  const char key = '\n';
  return Outcome(Raw(SYS_ioctl, STDIN_FILENO, TIOCSTI, At(&key)));
}
std::string TypeForOthersHighBits() {
  const char key = '\n';
  return Outcome(Raw(SYS_ioctl, STDIN_FILENO, TIOCSTI + kHighBits, At(&key)));
}
std::string UseConsoleClipboard() {
  const char paste = 3;
  return Outcome(Raw(SYS_ioctl, STDIN_FILENO, TIOCLINUX, At(&paste)));
}
std::string UseConsoleClipboardHighBits() {
  const char paste = 3;
  return Outcome(Raw(SYS_ioctl, STDIN_FILENO, TIOCLINUX + kHighBits, At(&paste)));
}
std::string ChangeLineDiscipline() {
  const int other = 15;  // N_HCI: a module, loaded for whoever asks.
  return Outcome(Raw(SYS_ioctl, STDIN_FILENO, TIOCSETD, At(&other)));
}

}  // namespace

std::vector<Attack> CallAttacks() {
  return {
      {kFilter, "calls as an i386 program does", "numbers that mean other calls to the filter",
       CallAsI386, "killed by SIGSYS|killed by SIGSEGV", Outside::kNever,
       "kernels without i386 end the program as well"},
      {kFilter, "calls as an x32 program does", "the same", CallAsX32, "killed by SIGSYS|ENOSYS",
       Outside::kNever, "kernels without x32 say ENOSYS as well"},
      {kFilter, "unshares as an x32 program does", "the same", UnshareAsX32,
       "killed by SIGSYS|ENOSYS|EPERM", Outside::kNever, "kernels without x32 say ENOSYS as well"},
      {kFilter, "calls by a number that no table has", "a table read past its end",
       CallBeyondTheTable, "EPERM|ENOSYS", Outside::kNever, "the kernel says ENOSYS itself"},
      {kFilter, "calls by the number -1", "the number that stands for a call that was skipped",
       CallMinusOne, "EPERM|ENOSYS|killed by SIGSYS", Outside::kNever,
       "the kernel says ENOSYS itself"},
      {kFilter, "types into a terminal by TIOCSTI", "commands in the operator's shell",
       TypeForOthers, "EPERM", Outside::kNotRefused},
      {kFilter, "hides TIOCSTI behind high bits", "a filter that compares the whole word",
       TypeForOthersHighBits, "EPERM", Outside::kNotRefused},
      {kFilter, "pastes into a console by TIOCLINUX", "the same by the console's clipboard",
       UseConsoleClipboard, "EPERM", Outside::kNotRefused},
      {kFilter, "hides TIOCLINUX behind high bits", "the same", UseConsoleClipboardHighBits,
       "EPERM", Outside::kNotRefused},
      {kFilter, "gives a terminal another line discipline", "modules loaded, with their bugs",
       ChangeLineDiscipline, "EPERM", Outside::kNotRefused},
  };
}

}  // namespace probe
