// sandbox/host_look.h
// What the host has of each runtime: which files, and in which state they are.
//
// Looked at every few seconds rather than watched: a look at some eighty files takes a tenth of a
// millisecond, needs no watch on every folder of theirs, and misses nothing that happened while
// nobody looked.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/file.h"
#include "sandbox/launcher.h"

namespace ebb::sandbox {

enum class HostRuntime {
  kPython,
  kNode,
  kSystem,  // All that a program of a custom runtime may be started with: those two, Java, a shell.
};
inline constexpr std::array kHostRuntimes = {HostRuntime::kPython, HostRuntime::kNode,
                                             HostRuntime::kSystem};
const char* ToString(HostRuntime runtime);  // "python3", "node", "system".

// Which of them a sandbox runs on; none when it has an image of its own.
std::optional<HostRuntime> HostRuntimeOf(const Spec& spec);

// A file or folder as it was.  A package manager replaces files, so a new one has another number;
// a folder's time says that something in it was replaced.
struct Mark {
  std::string path;
  std::uint64_t device = 0;
  std::uint64_t number = 0;  // Of the inode.  0: it was not there.
  std::int64_t size = 0;
  std::int64_t modified_ns = 0;
  friend bool operator==(const Mark&, const Mark&) = default;
};
using Marks = std::vector<Mark>;

struct HostLook {
  std::map<HostRuntime, Marks> marks;
  bool packages_change = false;  // The package manager is at work.
};

// Below `root`, "/" but in tests.  Blocks.  When nothing differs from `last` it asks for the state
// of the same files again and is done; else it finds out anew which files matter.
HostLook LookAtHost(const base::Path& root, const HostLook& last);

bool IsThere(const Marks& marks);      // The runtime itself.
std::string IdOf(const Marks& marks);  // 12 hexadecimal digits.
// As the package manager knows it, "3.11.2-6+deb12u6"; empty: it does not.  Blocks.
std::string VersionOf(const base::Path& root, HostRuntime runtime);

}  // namespace ebb::sandbox
