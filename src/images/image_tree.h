// images/image_tree.h
// The root folder of an image while its layers are laid on top of each other.
//
// Nothing is read, written or removed outside it, whatever the layers hold: every folder on the way
// is resolved by the kernel with the tree as the root, so that links lead where they lead inside
// the image.  Nobody else may change the folder meanwhile.
//
// Everything belongs to the server's user, and everybody may do what the owner may in the image:
// the function runs as a user that no image knows, and in Docker it would mostly be root.  Devices,
// pipes and sockets are left out: a sandbox has its own.
// Blocks: for the blocking pool.
//
// Errors: kInvalid, code "InvalidArgument", naming the entry; kUnavailable for disk trouble.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"

namespace ebb::images {

// Paths are as in an archive: "usr/bin/env".  A leading '/' or "./" means nothing; ".." is refused.
class ImageTree {
 public:
  static Result<ImageTree> Open(const base::Path& folder);

  void BeginLayer();  // What was there before is below.

  // Each replaces what is there, but a folder keeps what is in it.
  Result<void> AddFolder(const std::string& path);
  enum class Executable { kNo, kYes };
  Result<base::Fd> AddFile(const std::string& path, Executable executable);  // Open for writing.
  Result<void> AddLink(const std::string& path, const std::string& target);
  Result<void> AddHardLink(const std::string& path, const std::string& existing);

  // Whiteouts: they take away what lies below, never what this layer has added.
  Result<void> RemoveBelow(const std::string& path);
  Result<void> EmptyBelow(const std::string& folder);

  Result<void> Sync();  // All of it is on disk.

 private:
  struct Place {
    base::Fd folder;
    std::string name;
    std::string path;  // Clean.
  };
  explicit ImageTree(base::Fd root) : root_(std::move(root)) {}
  enum class Missing { kMake, kLeave };
  Result<Place> Find(const std::string& path, Missing missing);
  Result<base::Fd> OpenFolder(const std::string& path, Missing missing);
  Result<void> Clear(const Place& place);
  // True if nothing is left of it.
  Result<bool> RemoveOld(int folder, const std::string& name, const std::string& path);
  Result<bool> EmptyOld(int folder, const std::string& path);

  base::Fd root_;
  std::set<std::string, std::less<>> added_;  // By this layer.
};

}  // namespace ebb::images
