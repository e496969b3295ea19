#include "packages/zip_directory.h"

#include <cstdint>

namespace ebb::packages {
namespace {

// Offsets within the records of a zip (APPNOTE 4.3).
constexpr std::size_t kEndSize = 22;
constexpr std::size_t kLongestComment = 65535;
constexpr std::size_t kLocatorSize = 20;
constexpr std::size_t kEntrySize = 46;

// The little-endian number of `bytes` bytes at `at`; 0 beyond the end.
std::uint64_t NumberAt(std::string_view zip, std::size_t at, std::size_t bytes) {
  if (at > zip.size() || zip.size() - at < bytes) return 0;
  std::uint64_t number = 0;
  for (std::size_t i = bytes; i-- > 0;) {
    number = number << 8 | static_cast<unsigned char>(zip[at + i]);
  }
  return number;
}

bool IsAt(std::string_view zip, std::size_t at, std::string_view signature) {
  return at <= zip.size() && zip.substr(at).starts_with(signature);
}

struct Directory {
  std::size_t begin = 0;
  std::uint64_t entries = 0;
};

// Where the list of entries begins and how many it says it has.
std::optional<Directory> FindDirectory(std::string_view zip) {
  if (zip.size() < kEndSize) return std::nullopt;
  const std::size_t end = zip.rfind("PK\5\6", zip.size() - kEndSize);
  if (end == std::string_view::npos || zip.size() - end > kEndSize + kLongestComment) {
    return std::nullopt;
  }
  const std::uint64_t offset = NumberAt(zip, end + 16, 4);
  if (offset != 0xffffffff) return Directory{offset, NumberAt(zip, end + 10, 2)};
  if (end < kLocatorSize || !IsAt(zip, end - kLocatorSize, "PK\6\7")) return std::nullopt;
  const std::uint64_t zip64_end = NumberAt(zip, end - kLocatorSize + 8, 8);
  if (!IsAt(zip, zip64_end, "PK\6\6")) return std::nullopt;
  return Directory{NumberAt(zip, zip64_end + 48, 8), NumberAt(zip, zip64_end + 32, 8)};
}

// Calls `use(name)` for each entry until it returns false or the list ends; returns how many.
template <typename Use>
std::uint64_t ForEachName(std::string_view zip, std::size_t begin, Use use) {
  std::uint64_t count = 0;
  for (std::size_t at = begin; IsAt(zip, at, "PK\1\2");) {
    const std::size_t name_size = NumberAt(zip, at + 28, 2);
    const std::size_t after = NumberAt(zip, at + 30, 2) + NumberAt(zip, at + 32, 2);
    if (zip.size() - at < kEntrySize + name_size) break;
    ++count;
    if (!use(zip.substr(at + kEntrySize, name_size))) break;
    at += kEntrySize + name_size + after;
  }
  return count;
}

}  // namespace

std::optional<std::string> FindNameWithNul(std::string_view zip) {
  const auto directory = FindDirectory(zip);
  if (!directory) return std::nullopt;
  std::optional<std::string> found;
  ForEachName(zip, directory->begin, [&](std::string_view name) {
    if (name.find('\0') != std::string_view::npos) found = name;
    return !found;
  });
  return found;
}

bool ListsAllEntries(std::string_view zip) {
  const auto directory = FindDirectory(zip);
  if (!directory) return false;
  return ForEachName(zip, directory->begin, [](std::string_view) { return true; }) ==
         directory->entries;
}

}  // namespace ebb::packages
