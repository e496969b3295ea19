// sandbox/elf_needs.h
// Which shared objects a program or shared object asks for.
#pragma once

#include <string>
#include <vector>

#include "base/file.h"

namespace ebb::sandbox {

struct ElfNeeds {
  std::vector<std::string> names;    // "libc.so.6".
  std::vector<base::Path> run_path;  // Folders of its own to look in, $ORIGIN resolved.
  base::Path interpreter;            // The dynamic linker; empty: none.
};

// Nothing for what is no 64-bit ELF file of this machine's byte order, or is static.
ElfNeeds ReadElfNeeds(const base::Path& file);

}  // namespace ebb::sandbox
