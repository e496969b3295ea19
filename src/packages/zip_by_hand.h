// packages/zip_by_hand.h
// Zips that no library writes: for the tests of what must be refused.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/hash.h"

namespace ebb::packages {

struct HandEntry {
  std::string name;
  std::string bytes = "x";  // Not compressed, whatever `method` says.
  unsigned method = 0;
  unsigned mode = 0100644;
  std::optional<std::uint32_t> claimed_size = {};  // Else the true one.
  std::optional<std::uint32_t> claimed_crc = {};
};

namespace internal {

inline std::string Little(std::uint64_t number, int bytes) {
  std::string out;
  for (int i = 0; i < bytes; ++i) out += static_cast<char>(number >> (8 * i));
  return out;
}

// What the two headers of an entry have in common, from "version needed" on.
inline std::string Common(const HandEntry& entry) {
  const auto size = static_cast<std::uint32_t>(entry.bytes.size());
  return Little(20, 2) + Little(0, 2) + Little(entry.method, 2) + Little(0, 4) +
         Little(entry.claimed_crc.value_or(base::Crc32(0, entry.bytes)), 4) + Little(size, 4) +
         Little(entry.claimed_size.value_or(size), 4) + Little(entry.name.size(), 2) + Little(0, 2);
}

}  // namespace internal

inline std::string ZipByHand(const std::vector<HandEntry>& entries) {
  using internal::Little;
  std::string files;
  std::string directory;
  for (const auto& entry : entries) {
    constexpr int kUnix = 3;
    directory += "PK\1\2" + Little(20 | (kUnix << 8), 2) + internal::Common(entry) + Little(0, 2) +
                 Little(0, 2) + Little(0, 2) + Little(std::uint64_t{entry.mode} << 16, 4) +
                 Little(files.size(), 4) + entry.name;
    files += "PK\3\4" + internal::Common(entry) + entry.name + entry.bytes;
  }
  return files + directory + "PK\5\6" + Little(0, 4) + Little(entries.size(), 2) +
         Little(entries.size(), 2) + Little(directory.size(), 4) + Little(files.size(), 4) +
         Little(0, 2);
}

}  // namespace ebb::packages
