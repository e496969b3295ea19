#include "cli/code_zip.h"

#include <archive.h>
#include <archive_entry.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string_view>
#include <vector>

#include "cli/ignore_file.h"

namespace ebb::cli {
namespace {

namespace fs = std::filesystem;

// 1 January 1980, the first moment that a zip can hold.
constexpr std::time_t kFixedTime = 315'532'800;

constexpr std::array<std::string_view, 4> kAlwaysLeftOut = {".fcignore", ".git", ".s",
                                                            "__pycache__"};

// Relative paths of what goes into the package, sorted.
Result<std::vector<std::string>> ListCode(const base::Path& folder) {
  IgnoreFile ignore;
  auto rules = base::ReadFile(folder / ".fcignore");
  if (rules) {
    ignore = IgnoreFile(*rules);
  } else if (rules.error().kind() != ErrorKind::kNotFound) {
    return Fail(rules.error());
  }
  std::vector<std::string> out;
  std::error_code error;
  fs::recursive_directory_iterator at(folder, error);
  while (!error && at != fs::recursive_directory_iterator()) {
    const bool is_folder = at->is_directory() && !at->is_symlink();
    const std::string path = fs::relative(at->path(), folder, error).generic_string();
    const std::string name = at->path().filename().string();
    if (std::ranges::find(kAlwaysLeftOut, name) != kAlwaysLeftOut.end() ||
        ignore.Ignores(path, is_folder ? EntryKind::kFolder : EntryKind::kFile)) {
      if (is_folder) at.disable_recursion_pending();
    } else if (!is_folder) {
      out.push_back(path);
    }
    at.increment(error);
  }
  if (error) return Fail(Error::System("list " + folder.string(), error.value()));
  std::ranges::sort(out);
  return out;
}

struct FreeArchive {
  void operator()(archive* a) const { archive_write_free(a); }
  void operator()(archive_entry* e) const { archive_entry_free(e); }
};

la_ssize_t Append(archive*, void* out, const void* bytes, std::size_t size) {
  static_cast<std::string*>(out)->append(static_cast<const char*>(bytes), size);
  return static_cast<la_ssize_t>(size);
}

class ZipWriter {
 public:
  ZipWriter() : archive_(archive_write_new()) {
    archive_write_set_format_zip(archive_.get());
    archive_write_set_bytes_in_last_block(archive_.get(), 1);  // No padding after the end.
  }

  Result<void> Open(std::string& out) {
    return Check(archive_write_open2(archive_.get(), &out, nullptr, Append, nullptr, nullptr));
  }

  Result<void> AddFile(const std::string& path, std::string_view bytes, bool executable) {
    auto entry = MakeEntry(path, AE_IFREG, executable ? 0755 : 0644);
    archive_entry_set_size(entry.get(), static_cast<la_int64_t>(bytes.size()));
    if (auto head = Check(archive_write_header(archive_.get(), entry.get())); !head) return head;
    if (archive_write_data(archive_.get(), bytes.data(), bytes.size()) < 0) {
      return Check(ARCHIVE_FATAL);
    }
    return {};
  }

  Result<void> AddLink(const std::string& path, const std::string& target) {
    auto entry = MakeEntry(path, AE_IFLNK, 0755);
    archive_entry_set_symlink(entry.get(), target.c_str());
    archive_entry_set_size(entry.get(), 0);
    return Check(archive_write_header(archive_.get(), entry.get()));
  }

  Result<void> Close() { return Check(archive_write_close(archive_.get())); }

 private:
  using Entry = std::unique_ptr<archive_entry, FreeArchive>;

  static Entry MakeEntry(const std::string& path, unsigned type, unsigned mode) {
    Entry entry(archive_entry_new());
    archive_entry_set_pathname(entry.get(), path.c_str());
    archive_entry_set_filetype(entry.get(), type);
    archive_entry_set_perm(entry.get(), mode);
    archive_entry_set_mtime(entry.get(), kFixedTime, 0);
    return entry;
  }

  Result<void> Check(int status) {
    if (status >= ARCHIVE_WARN) return {};
    const char* text = archive_error_string(archive_.get());
    return Fail(Error::Unavailable(std::string("zip: ") + (text ? text : "failed")));
  }

  std::unique_ptr<archive, FreeArchive> archive_;
};

Result<void> AddTo(ZipWriter& zip, const base::Path& folder, const std::string& path) {
  std::error_code error;
  const base::Path whole = folder / path;
  const fs::file_status status = fs::symlink_status(whole, error);
  if (error) return Fail(Error::System("look at " + whole.string(), error.value()));
  if (fs::is_symlink(status)) {
    const base::Path target = fs::read_symlink(whole, error);
    if (error) return Fail(Error::System("read the link " + whole.string(), error.value()));
    return zip.AddLink(path, target.string());
  }
  if (!fs::is_regular_file(status)) {
    return Fail(Error::Invalid(whole.string() + " is neither a file, a folder nor a link"));
  }
  auto bytes = base::ReadFile(whole);
  if (!bytes) return Fail(bytes.error());
  return zip.AddFile(path, *bytes,
                     (status.permissions() & fs::perms::owner_exec) != fs::perms::none);
}

Result<std::string> ZipFolder(const base::Path& folder) {
  auto paths = ListCode(folder);
  if (!paths) return Fail(paths.error());
  if (paths->empty()) return Fail(Error::Invalid(folder.string() + " holds no files to deploy"));
  std::string out;  // Must outlive the writer.
  ZipWriter zip;
  if (auto opened = zip.Open(out); !opened) return Fail(opened.error());
  for (const std::string& path : *paths) {
    if (auto added = AddTo(zip, folder, path); !added) return Fail(added.error());
  }
  if (auto closed = zip.Close(); !closed) return Fail(closed.error());
  return out;
}

}  // namespace

Result<std::string> LoadCode(const base::Path& source) {
  std::error_code error;
  if (fs::is_directory(source, error)) return ZipFolder(source);
  return base::ReadFile(source);
}

}  // namespace ebb::cli
