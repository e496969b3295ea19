// sandbox/bytecode.h
// Python's bytecode beside the sources of code packages, as python3 itself puts it there where it
// may write: compiling the smallest handler is most of its cold start.
//
// Sources are untrusted.  They are compiled in a sandbox, which runs none of them, so what comes
// out of it depends on the package alone and may be shared by everyone who has the same package.
#pragma once

#include <deque>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "sandbox/launcher.h"

namespace ebb::sandbox {

struct BytecodeFile {
  std::string path;  // Relative to the package, "a/__pycache__/b.cpython-311.pyc"; not believed.
  std::string bytes;
};

// Writes one below `package`.  Whatever moment the machine stops, no half of it is there.  Blocks.
// Errors: kInvalid  the path names no bytecode, or leads through a link;
//         kUnavailable  it cannot be written.
Result<void> SaveBytecode(const base::Path& package, const BytecodeFile& file);

// Which packages are still to be compiled: those that a version has loaded.  Lives on its
// io_context.
class Bytecode {
 public:
  void Loaded(const Spec& spec);       // The first time of a version: its code and layers.
  std::optional<base::Path> Wanted();  // The next package.
  void Forget(std::string_view prefix, std::string_view except);  // As Launcher::Forget.

 private:
  std::set<std::string, std::less<>> seen_;  // Versions.
  std::deque<base::Path> wanted_;
};

}  // namespace ebb::sandbox
