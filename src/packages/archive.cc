#include "packages/archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <fmt/format.h>
#include <locale.h>
#include <unistd.h>

#include <cerrno>

#include "model/function_rules.h"
#include "packages/entry_path.h"
#include "packages/zip_directory.h"

namespace ebb::packages {
namespace {

// libarchive converts names to the thread's locale, and the server's is "C", which has ASCII alone.
class Utf8Locale {
 public:
  Utf8Locale() : locale_(newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr)) {
    if (locale_ != nullptr) before_ = uselocale(locale_);
  }
  ~Utf8Locale() {
    if (locale_ == nullptr) return;
    uselocale(before_);
    freelocale(locale_);
  }
  Utf8Locale(const Utf8Locale&) = delete;
  Utf8Locale& operator=(const Utf8Locale&) = delete;

  bool there() const { return locale_ != nullptr; }

 private:
  locale_t locale_;
  locale_t before_ = nullptr;
};

std::string Text(const char* text) { return text == nullptr ? "" : text; }

std::string NameOf(unsigned type) {
  switch (type) {
    case AE_IFCHR:
    case AE_IFBLK:
      return "a device";
    case AE_IFIFO:
      return "a pipe";
    case AE_IFSOCK:
      return "a socket";
    default:
      return "no file, folder or link";
  }
}

// Zip knows a dozen ways to compress; deflate is the one that people use.  Others would let an
// upload of a few bytes ask for gigabytes of working memory (lzma, ppmd).  libarchive tells the
// way of the current entry only as a text: "ZIP 2.0 (deflation)".
std::string UncommonCompression(std::string_view format) {
  const std::size_t open = format.find('(');
  if (!format.starts_with("ZIP") || open == std::string_view::npos) return "";
  std::string_view name = format.substr(open + 1);
  name = name.substr(0, name.find(')'));
  return name == "uncompressed" || name == "deflation" ? "" : std::string(name);
}

Entry ToEntry(archive_entry* from) {
  Entry entry;
  entry.name = Text(archive_entry_pathname(from));
  entry.executable = (archive_entry_perm(from) & 0111) != 0;
  entry.encrypted = archive_entry_is_encrypted(from) != 0;
  if (archive_entry_sparse_count(from) > 0) entry.declared_bytes = archive_entry_size(from);
  const auto type = archive_entry_filetype(from);
  if (const char* target = archive_entry_hardlink(from); target != nullptr) {
    entry.type = EntryType::kHardLink;
    entry.link_target = target;
  } else if (type == AE_IFREG) {
    entry.type = EntryType::kFile;
  } else if (type == AE_IFDIR) {
    entry.type = EntryType::kFolder;
  } else if (type == AE_IFLNK) {
    entry.type = EntryType::kLink;
    entry.link_target = Text(archive_entry_symlink(from));
  } else {
    entry.other = NameOf(type);
  }
  return entry;
}

// A zip without files is its closing record alone.  libarchive does not take it for a zip, but it
// is what people send as a placeholder.
bool IsEmptyZip(std::string_view bytes) {
  return bytes.size() == 22 && bytes.starts_with(std::string_view("PK\5\6\0\0\0\0\0\0\0\0", 12));
}

}  // namespace

Result<void> WriteAt(int file, const Block& block, std::string_view name) {
  std::size_t done = 0;
  while (done < block.bytes.size()) {
    const ssize_t n = pwrite(file, block.bytes.data() + done, block.bytes.size() - done,
                             block.offset + static_cast<std::int64_t>(done));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return Fail(Error::System("unpack " + std::string(name), errno));
    done += static_cast<std::size_t>(n);
  }
  return {};
}

struct Archive::State {
  Utf8Locale locale;
  std::string_view bytes;
  std::string_view what;
  std::unique_ptr<archive, int (*)(archive*)> reader{archive_read_new(), archive_read_free};
  std::string entry;  // The one that is being read.
};

Archive::Archive(std::unique_ptr<State> state) : state_(std::move(state)) {}
Archive::Archive(Archive&&) noexcept = default;
Archive& Archive::operator=(Archive&&) noexcept = default;
Archive::~Archive() = default;

Error Archive::Damaged() const {
  const std::string reason = Text(archive_error_string(state_->reader.get()));
  if (!state_->entry.empty()) return BadEntry(state_->entry, "is damaged: " + reason, state_->what);
  if (state_->bytes.starts_with("PK")) {
    return model::InvalidArgument(
        std::string(state_->what) +
        ": the zip is damaged or was cut off: the list of its files, which comes last, "
        "is "
        "incomplete");
  }
  return model::InvalidArgument(std::string(state_->what) +
                                ": not a zip or tar (plain, gzip, xz or zstd): " + reason);
}

Result<Archive> Archive::Open(std::string_view bytes, std::string_view what) {
  if (bytes.empty()) {
    return Fail(model::InvalidArgument(std::string(what) + ": it has no bytes"));
  }
  auto state = std::make_unique<State>();
  state->bytes = bytes;
  state->what = what;
  if (!state->locale.there() || state->reader == nullptr) {
    return Fail(Error::Internal("cannot read archives on this machine")
                    .WithDetail("no memory, or the locale C.UTF-8 is missing"));
  }
  archive* reader = state->reader.get();
  archive_read_support_filter_gzip(reader);
  archive_read_support_filter_xz(reader);
  archive_read_support_filter_zstd(reader);
  archive_read_support_format_tar(reader);
  // Not the streaming reader: it ignores the list at the end, so that a zip that was cut off would
  // pass, and the two can disagree.
  archive_read_support_format_zip_seekable(reader);
  Archive archive(std::move(state));
  if (IsEmptyZip(bytes)) return archive;
  if (bytes.starts_with("PK")) {
    const auto name = FindNameWithNul(bytes);
    if (name) return Fail(BadEntry(*name, "has a name with a NUL in it"));
    if (!ListsAllEntries(bytes)) return Fail(archive.Damaged());
  }
  if (archive_read_open_memory(reader, bytes.data(), bytes.size()) != ARCHIVE_OK) {
    return Fail(archive.Damaged());
  }
  return archive;
}

Result<std::optional<Entry>> Archive::Next() {
  if (IsEmptyZip(state_->bytes)) return std::nullopt;
  archive_entry* entry = nullptr;
  const int status = archive_read_next_header(state_->reader.get(), &entry);
  if (status == ARCHIVE_EOF) return std::nullopt;
  // A warning is about an attribute; the name, which matters, is checked by the caller.
  if (status != ARCHIVE_OK && status != ARCHIVE_WARN) return Fail(Damaged());
  Entry out = ToEntry(entry);
  const std::string compression =
      UncommonCompression(Text(archive_format_name(state_->reader.get())));
  if (!compression.empty()) {
    return Fail(BadEntry(out.name, "is compressed with " + compression + ": use deflate"));
  }
  state_->entry = out.name;
  return out;
}

Result<std::optional<Block>> Archive::NextBlock() {
  const void* bytes = nullptr;
  std::size_t count = 0;
  std::int64_t offset = 0;
  const int status = archive_read_data_block(state_->reader.get(), &bytes, &count, &offset);
  if (status == ARCHIVE_EOF) return std::nullopt;
  if (status != ARCHIVE_OK) return Fail(Damaged());
  return Block{offset, {static_cast<const char*>(bytes), count}};
}

std::int64_t Archive::packed_bytes_read() const {
  return archive_filter_bytes(state_->reader.get(), -1);
}

}  // namespace ebb::packages
