// buckets/object_files.h
// The files that hold objects' bytes: each made once under a random name, never changed, removed.
//
// A file gets its final name at once and not by a rename: names are random and only a row of the
// database makes a file mean anything, so nobody can see it before it is whole.
// Everything here may block.  Any thread.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/random.h"

namespace ebb::buckets {

// kUnavailable, code "InsufficientStorage" when the disk or the quota is full, else
// "InternalError".
Error DiskError(std::string_view what, int number);

std::string MakeFileName(Random& random);  // 32 hex digits; the first two are its folder.

// A file being written.  Removed when destroyed, unless kept.
class NewFile {
 public:
  NewFile() = default;
  NewFile(NewFile&& other) noexcept { *this = std::move(other); }
  NewFile& operator=(NewFile&& other) noexcept;
  ~NewFile() { RemoveUnlessKept(); }

  const std::string& name() const { return name_; }
  void Keep() { path_.clear(); }

 private:
  friend class ObjectFiles;
  void RemoveUnlessKept();
  std::string name_;
  base::Path path_;  // Empty: nothing to remove.
  base::Fd fd_;
};

class ObjectFiles {
 public:
  using BeforeStep = std::function<Result<void>(std::string_view step)>;

  // `before_step` may be empty; see Config::before_step_for_test.
  ObjectFiles(base::Path folder, BeforeStep before_step);

  Result<void> MakeFolder() const;  // The one that holds all.

  Result<NewFile> Create(const std::string& name) const;
  Result<void> Write(NewFile& file, std::string_view bytes) const;
  void BeginSync(NewFile& file) const;     // Starts writing out, so that Sync finds less to do.
  Result<void> Sync(NewFile& file) const;  // Its bytes and its name are on disk when this is OK.

  // A durable file `to` with the bytes of `from`: a hard link, for neither ever changes.
  Result<NewFile> Duplicate(const std::string& from, const std::string& to) const;

  Result<base::Fd> OpenForReading(const std::string& name) const;
  void Remove(const std::string& name) const;  // A failure is logged; the next start tries again.

  // The folders that there are, "00" to "ff": each is made with its first file.
  Result<std::vector<std::string>> Shards() const;
  // Of one of them, removes every file that `known` does not name.  Returns how many.
  Result<int> RemoveAllBut(const std::string& shard, const std::set<std::string>& known) const;

 private:
  Result<void> Before(std::string_view step) const;
  base::Path PathOf(const std::string& name) const;
  Result<void> MakeShardOf(const std::string& name) const;
  Result<void> SyncFolderOf(const std::string& name) const;
  Result<void> SyncFolder(const base::Path& folder) const;
  Result<void> CopyBytes(const std::string& from, NewFile& to) const;

  base::Path folder_;
  BeforeStep before_step_;
};

}  // namespace ebb::buckets
