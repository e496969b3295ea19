// packages/make_archive.h
// Archives for the tests of this module, good and hostile ones, made with libarchive.
#pragma once

#include <archive.h>
#include <archive_entry.h>

#include <functional>
#include <string>
#include <vector>

#include "base/check.h"

namespace ebb::packages {

struct Item {
  std::string name;
  std::string bytes;
  unsigned type = AE_IFREG;
  unsigned mode = 0644;
  std::string symlink = {};
  std::string hardlink = {};
  // When set: only the first so many bytes are there, the rest is a hole.
  std::size_t bytes_before_hole = 0;
};

inline Item File(std::string name, std::string bytes = "x", unsigned mode = 0644) {
  return {.name = std::move(name), .bytes = std::move(bytes), .mode = mode};
}
inline Item Folder(std::string name) {
  return {.name = std::move(name), .bytes = "", .type = AE_IFDIR, .mode = 0755};
}
inline Item Symlink(std::string name, std::string target) {
  return {.name = std::move(name), .bytes = "", .type = AE_IFLNK, .symlink = std::move(target)};
}
inline Item Hardlink(std::string name, std::string target) {
  return {.name = std::move(name), .bytes = "", .hardlink = std::move(target)};
}

enum class Format { kZip, kTar, kTarGz, kTarXz, kTarZstd };

inline std::string MakeArchive(Format format, const std::vector<Item>& items,
                               const std::string& options = "") {
  std::string out;
  archive* writer = archive_write_new();
  if (format == Format::kZip) {
    archive_write_set_format_zip(writer);
  } else {
    archive_write_set_format_pax_restricted(writer);
  }
  if (format == Format::kTarGz) archive_write_add_filter_gzip(writer);
  if (format == Format::kTarXz) archive_write_add_filter_xz(writer);
  if (format == Format::kTarZstd) archive_write_add_filter_zstd(writer);
  archive_write_set_bytes_in_last_block(writer, 1);
  if (!options.empty()) {
    EBB_CHECK(archive_write_set_options(writer, options.c_str()) == ARCHIVE_OK,
              archive_error_string(writer));
    archive_write_set_passphrase(writer, "secret");
  }
  const auto write = [](archive*, void* into, const void* bytes, std::size_t n) -> la_ssize_t {
    static_cast<std::string*>(into)->append(static_cast<const char*>(bytes), n);
    return static_cast<la_ssize_t>(n);
  };
  EBB_CHECK(archive_write_open(writer, &out, nullptr, write, nullptr) == ARCHIVE_OK,
            "cannot write an archive");
  for (const Item& item : items) {
    archive_entry* entry = archive_entry_new();
    archive_entry_set_pathname(entry, item.name.c_str());
    archive_entry_set_filetype(entry, item.type);
    archive_entry_set_perm(entry, item.mode);
    archive_entry_set_uid(entry, 1234);
    archive_entry_set_size(entry, static_cast<std::int64_t>(item.bytes.size()));
    if (item.bytes_before_hole > 0) {
      archive_entry_sparse_add_entry(entry, 0, static_cast<std::int64_t>(item.bytes_before_hole));
    }
    if (!item.symlink.empty()) archive_entry_set_symlink(entry, item.symlink.c_str());
    if (!item.hardlink.empty()) archive_entry_set_hardlink(entry, item.hardlink.c_str());
    EBB_CHECK(archive_write_header(writer, entry) >= ARCHIVE_WARN, item.name);
    if (!item.bytes.empty()) archive_write_data(writer, item.bytes.data(), item.bytes.size());
    archive_entry_free(entry);
  }
  archive_write_close(writer);
  archive_write_free(writer);
  return out;
}

}  // namespace ebb::packages
