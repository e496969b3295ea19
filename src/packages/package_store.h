// packages/package_store.h
// Code packages: checked, unpacked once and kept by content hash, read-only.
//
// A package lies in <folder>/<sha256>/: `package` (the bytes as uploaded) and `code/` (unpacked,
// what instances mount).  A folder is there whole or not at all, whatever moment the machine stops.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "net/blocking_pool.h"
#include "net/task.h"

namespace ebb::packages {

struct Config {
  base::Path folder;
  // FC's limits.  What comes as base64 has a smaller one: see api/fc/code.
  std::int64_t max_packed_bytes = 500 * 1000 * 1000;
  std::int64_t max_unpacked_bytes = 500 * 1024 * 1024;
  std::int64_t max_entries = 100'000;
  // An entry that unpacks to more than this many times its packed size, beyond 10 MiB, is a bomb.
  int max_ratio = 200;
};

struct Package {
  std::string hash;         // SHA-256 of the uploaded bytes, hex.
  std::uint64_t crc64 = 0;  // CRC-64/XZ of the uploaded bytes: FC's codeChecksum.
  std::int64_t bytes = 0;   // Of the upload.
};

class PackageStore {
 public:
  // Removes what an interrupted Add left behind.
  PackageStore(Config config, net::BlockingPool& pool);
  ~PackageStore();

  // Checks and keeps a zip or tar (plain, gzip, xz, zstd).  Adding what is there already is cheap.
  // Errors, all naming the entry: kInvalid, code "InvalidArgument", for a corrupt archive, a path
  // that leaves the package, an absolute path, a link that points out of it, a device, pipe or
  // socket, a bomb, too many entries; kInvalid, code "EntityTooLarge"; kUnavailable disk trouble.
  Task<Result<Package>> Add(std::string bytes);

  Task<Result<std::string>> Load(std::string hash);  // The bytes as uploaded.
  base::Path CodeFolder(const std::string& hash) const;

  // Deletes every package whose hash `keep` does not name.  For start-up, before anything is
  // deployed or run: a package just added that no function names yet would go too, and so would
  // the code under a running instance.
  Task<Result<int>> RemoveAllBut(std::vector<std::string> keep);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace ebb::packages
