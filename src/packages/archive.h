// packages/archive.h
// Reads a zip or a tar (plain, gzip, xz, zstd) that lies in memory, entry by entry.  Alone knows
// libarchive.
//
// Trusts nothing that the archive says about sizes: blocks come as they are unpacked, and the
// caller counts.  Use one on one thread only: names are read in that thread's locale, which is
// UTF-8 while the object lives.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"

namespace ebb::packages {

enum class EntryType { kFile, kFolder, kLink, kHardLink, kOther };

struct Entry {
  std::string name;  // Unchecked.
  EntryType type = EntryType::kOther;
  std::string other;        // kOther: what it is, in words.
  std::string link_target;  // kLink, kHardLink.  Unchecked.
  bool executable = false;
  bool encrypted = false;
  std::int64_t declared_bytes = 0;  // Only as far as it is needed: the end of a sparse file.
};

struct Block {
  std::int64_t offset = 0;
  std::string_view bytes;  // Until the next call.
};

// Writes the block where it belongs in `file`, of which errors say "unpack {name}".
Result<void> WriteAt(int file, const Block& block, std::string_view name);

inline constexpr std::string_view kCodePackage = "code package";

class Archive {
 public:
  // Borrows both.  `what` it is begins every message.  Errors: kInvalid, code "InvalidArgument".
  static Result<Archive> Open(std::string_view bytes, std::string_view what = kCodePackage);
  Archive(Archive&&) noexcept;
  Archive& operator=(Archive&&) noexcept;
  ~Archive();

  Result<std::optional<Entry>> Next();       // None: the end.
  Result<std::optional<Block>> NextBlock();  // Of the entry that Next gave.
  std::int64_t packed_bytes_read() const;    // So far, of all that Open was given.

 private:
  struct State;
  explicit Archive(std::unique_ptr<State> state);
  Error Damaged() const;
  std::unique_ptr<State> state_;
};

}  // namespace ebb::packages
