// packages/code_tree.h
// A folder being filled with a package's files, in a way that cannot write outside it.
//
// Every step goes through descriptors of folders and follows no symbolic link, so what an earlier
// entry put there cannot redirect a later one.  Nobody else may change the folder meanwhile.
// Everything belongs to the server's user; folders are 0755, files 0644 or 0755.
// Blocks: for the blocking pool.
//
// Errors: kInvalid, code "InvalidArgument", naming the entry; kUnavailable for disk trouble.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "packages/entry_path.h"

namespace ebb::packages {

class CodeTree {
 public:
  // `folder` is empty.  At most `max_made` folders, files and links are made in it, folders that
  // no entry names but that others need included.
  static Result<CodeTree> Open(const base::Path& folder, std::int64_t max_made);

  Result<void> AddFolder(const EntryPath& path);  // There already is fine.
  enum class Executable { kNo, kYes };
  Result<base::Fd> AddFile(const EntryPath& path, Executable executable);  // Open for writing.
  Result<void> CloseFile(const EntryPath& path, base::Fd file);            // Once it is written.
  Result<void> AddLink(const EntryPath& path, const std::string& target);
  Result<void> AddHardLink(const EntryPath& path, const EntryPath& existing);  // Of a file.

  // Once all is there: proves that no link leads out, through whatever others, and puts everything
  // on disk.
  Result<void> Finish();

 private:
  CodeTree(base::Fd root, std::int64_t max_made) : root_(std::move(root)), max_made_(max_made) {}
  Result<int> ParentOf(const EntryPath& path);
  Result<base::Fd> StepInto(int folder, const EntryPath& path, std::size_t depth);
  Result<void> CountOne(const EntryPath& path);
  Result<void> CheckLink(const EntryPath& link) const;
  Result<void> SyncFolders() const;
  bool SyncsAllAtOnce() const;

  base::Fd root_;
  std::int64_t max_made_;
  std::int64_t made_ = 0;
  std::vector<EntryPath> folders_;
  std::vector<EntryPath> links_;
  // The folder that the last entry went into: the next one's, most of the time.
  EntryPath parent_path_;
  base::Fd parent_;
};

}  // namespace ebb::packages
