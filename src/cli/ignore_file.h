// cli/ignore_file.h
// .fcignore: which files of a code folder stay behind.  The patterns are those of .gitignore.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ebb::cli {

enum class EntryKind { kFile, kFolder };

class IgnoreFile {
 public:
  IgnoreFile() = default;  // Ignores nothing.
  explicit IgnoreFile(std::string_view text);

  // `path` is relative to the code folder, with '/'.  Folders are asked about before what is in
  // them: what lies in an ignored folder is not asked about.
  bool Ignores(std::string_view path, EntryKind kind) const;

 private:
  struct Rule {
    std::vector<std::string> parts;  // Of the pattern, split at '/'; "**" is any number of folders.
    bool again = false;              // "!pattern": takes back what an earlier rule ignores.
    bool folders_only = false;       // "pattern/"
  };
  std::vector<Rule> rules_;
};

}  // namespace ebb::cli
