#include "sandbox/elf_needs.h"

#include <elf.h>
#include <fcntl.h>
#include <unistd.h>

#include <cstring>
#include <ranges>

namespace ebb::sandbox {
namespace {

constexpr std::size_t kMostEntries = 10'000;  // Of either table: more is no program.
constexpr std::size_t kMostText = 4096;

class Elf {
 public:
  explicit Elf(const base::Path& file) : fd_(open(file.c_str(), O_RDONLY | O_CLOEXEC)) {}

  bool ReadHead() {
    Elf64_Ehdr head{};
    if (!fd_.valid() || !Read(&head, sizeof head, 0)) return false;
    constexpr int kOurs = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? ELFDATA2LSB : ELFDATA2MSB;
    if (memcmp(head.e_ident, ELFMAG, SELFMAG) != 0 || head.e_ident[EI_CLASS] != ELFCLASS64 ||
        head.e_ident[EI_DATA] != kOurs || head.e_phentsize != sizeof(Elf64_Phdr)) {
      return false;
    }
    segments_.resize(head.e_phnum);
    return Read(segments_.data(), segments_.size() * sizeof(Elf64_Phdr), head.e_phoff);
  }

  std::vector<Elf64_Dyn> ReadDynamic() const {
    for (const Elf64_Phdr& segment : segments_) {
      if (segment.p_type != PT_DYNAMIC) continue;
      const std::size_t count = segment.p_filesz / sizeof(Elf64_Dyn);
      if (count > kMostEntries) return {};
      std::vector<Elf64_Dyn> entries(count);
      if (!Read(entries.data(), count * sizeof(Elf64_Dyn), segment.p_offset)) return {};
      const auto end = std::ranges::find(entries, DT_NULL, &Elf64_Dyn::d_tag);
      entries.erase(end, entries.end());
      return entries;
    }
    return {};
  }

  std::string Interpreter() const {
    for (const Elf64_Phdr& segment : segments_) {
      if (segment.p_type == PT_INTERP) return TextAt(segment.p_offset);
    }
    return {};
  }

  // Where in the file lies what will be at `address`; 0: nowhere.
  std::uint64_t Place(std::uint64_t address) const {
    for (const Elf64_Phdr& segment : segments_) {
      if (segment.p_type != PT_LOAD || address < segment.p_vaddr) continue;
      const std::uint64_t within = address - segment.p_vaddr;
      if (within < segment.p_filesz) return segment.p_offset + within;
    }
    return 0;
  }

  std::string TextAt(std::uint64_t place) const {
    char text[kMostText];
    const ssize_t size = pread(fd_.get(), text, sizeof text, static_cast<off_t>(place));
    return size <= 0 ? std::string() : std::string(text, strnlen(text, static_cast<size_t>(size)));
  }

 private:
  bool Read(void* to, std::size_t size, std::uint64_t place) const {
    return pread(fd_.get(), to, size, static_cast<off_t>(place)) == static_cast<ssize_t>(size);
  }

  base::Fd fd_;
  std::vector<Elf64_Phdr> segments_;
};

std::vector<base::Path> ParseRunPath(std::string_view text, const base::Path& origin) {
  std::vector<base::Path> folders;
  for (const auto part : std::views::split(text, ':')) {
    std::string folder(part.begin(), part.end());
    for (const std::string_view word : {"${ORIGIN}", "$ORIGIN"}) {
      if (folder.starts_with(word)) folder.replace(0, word.size(), origin.string());
    }
    if (folder.starts_with('/')) folders.emplace_back(folder);
  }
  return folders;
}

}  // namespace

ElfNeeds ReadElfNeeds(const base::Path& file) {
  Elf elf(file);
  if (!elf.ReadHead()) return {};
  ElfNeeds needs{.names = {}, .run_path = {}, .interpreter = elf.Interpreter()};
  const std::vector<Elf64_Dyn> entries = elf.ReadDynamic();
  const auto names = std::ranges::find(entries, DT_STRTAB, &Elf64_Dyn::d_tag);
  const std::uint64_t place = names == entries.end() ? 0 : elf.Place(names->d_un.d_ptr);
  if (place == 0) return needs;
  for (const Elf64_Dyn& entry : entries) {
    if (entry.d_tag == DT_NEEDED) needs.names.push_back(elf.TextAt(place + entry.d_un.d_val));
    if (entry.d_tag == DT_RUNPATH || entry.d_tag == DT_RPATH) {
      needs.run_path = ParseRunPath(elf.TextAt(place + entry.d_un.d_val), file.parent_path());
    }
  }
  return needs;
}

}  // namespace ebb::sandbox
