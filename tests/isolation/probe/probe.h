// tests/isolation/probe/probe.h
// What a hostile native program tries inside a sandbox, one entry an attack.
//
// It is packed into every runtime's code: as a shared object that Python's and Node's handlers load
// into their own process, and as a program, which as a custom runtime is the function itself.  Each
// attack runs in a child of its own, so that one that kills itself does not end the others.  The
// program needs nothing of the system: it is linked statically.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

namespace probe {

// What root sees who tries the same outside of any sandbox: the proof that it is an attack at all.
enum class Outside {
  kPossible,  // It works.  kNoSuch is accepted where the kernel was built without it.
  kPossibleWithSysResource,  // The same for a root that has CAP_SYS_RESOURCE; a container's has
                             // not.
  kNotRefused,  // Its arguments are wrong on purpose: any answer but EPERM shows that it got
                // through.
  kNever,       // Not tried: it would harm the machine, or means nothing outside; `why_never` says.
};

struct Attack {
  const char* kind;        // The heading that it stands under.
  const char* name;        // A sentence: "The function ..." goes before it.
  const char* stands_for;  // What somebody would have who succeeds.
  std::string (*run)();    // What came of it, see below.
  const char* seen;        // What must come of it inside: patterns as of fnmatch, separated by '|'.
  Outside outside = Outside::kPossible;
  const char* why_never = "";
};

// An attack that takes a function of its own, since it wears out the instance.  `seen` is about the
// answer of the whole invocation, and the platform's may be among them.
struct Bomb {
  const char* name;
  const char* stands_for;
  std::string (*run)();
  const char* seen;
  int memory_mib = 256;
  int timeout_s = 30;
};

std::vector<Attack> NamespaceAttacks();
std::vector<Attack> PrivilegeAttacks();
std::vector<Attack> KernelAttacks();
std::vector<Attack> ProcAttacks();
std::vector<Attack> FileAttacks();
std::vector<Attack> ProcessAttacks();
std::vector<Attack> NetworkAttacks();
std::vector<Attack> CallAttacks();
std::vector<Attack> AllAttacks();  // Of all of these families.
std::vector<Bomb> Bombs();

// --- What attacks say

inline constexpr std::string_view kPossible = "possible";
inline constexpr std::string_view kNone = "none";

std::string ErrorName(int error);  // "EPERM"
std::string Outcome(long result);  // "possible", or the name of errno if `result` is negative.
std::string Possible(std::string_view detail);  // "possible: detail"

// A system call by number, past libc's own checks.
long Raw(long call, long a = 0, long b = 0, long c = 0, long d = 0, long e = 0, long f = 0);
inline long At(const void* pointer) { return reinterpret_cast<long>(pointer); }

// --- What the suite told us about the world outside; "" if it said nothing

std::string Setting(const std::string& name);
long NumberSetting(const std::string& name);
void Set(std::string name, std::string value);

// --- Doors in

// Serves POST /invoke on port 9000, as a custom runtime does, until killed.
[[noreturn]] void Serve();

// Asks for events at FC_RUNTIME_API, as a go1 function does, until killed.
[[noreturn]] void Poll();

// What came of one event, in the form that all handlers of the suite take: a line that says what to
// do, then lines for it.
std::string Handle(std::string_view event);

// Runs one attack in a child.  "killed by SIGSYS", "hangs", or what the attack says.
std::string InChild(std::string (*run)());

std::string ReadFile(const std::string& path);  // "" if it cannot be read; at most 1 MiB.
void WriteFile(const std::string& path, std::string_view content);  // Created if need be.

}  // namespace probe
