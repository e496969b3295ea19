#include "sandbox/names.h"

#include <filesystem>

#include "base/hash.h"
#include "egress/egress.h"
#include "sandbox/embedded.h"

namespace ebb::sandbox {
namespace {

std::string Line(const char* keyword, const std::vector<std::string>& words) {
  if (words.empty()) return {};
  std::string line = keyword;
  for (const std::string& word : words) line += " " + word;
  return line + "\n";
}

}  // namespace

std::string FormatResolvConf(const Names& names) {
  std::string text;
  for (const std::string& server : names.servers) text += Line("nameserver", {server});
  if (names.servers.empty()) text += Line("nameserver", {egress::kResolver});
  return text + Line("search", names.searches) + Line("options", names.options);
}

Result<base::Path> NamesFolder::FileOf(const Names& names) const {
  const std::string text = FormatResolvConf(names);
  base::Path file = folder_ / base::Sha256Hex(text);
  std::error_code error;
  if (std::filesystem::exists(file, error)) return file;
  // Whole or not at all: it is taken for good once it has its name.
  const base::Path begun = file.string() + ".new";
  if (auto written = WritePublicFile(begun, text); !written) return Fail(written.error());
  std::filesystem::rename(begun, file, error);
  if (error) return Fail(Error::System("name " + file.string(), error.value()));
  return file;
}

}  // namespace ebb::sandbox
