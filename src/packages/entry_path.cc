#include "packages/entry_path.h"

#include <fmt/format.h>

#include "base/encoding.h"
#include "model/function_rules.h"

namespace ebb::packages {
namespace {

// Linux's NAME_MAX, and its PATH_MAX with room for the folder before it.
constexpr std::size_t kMaxPart = 255;
constexpr std::size_t kMaxPath = 3800;

template <typename F>
void ForEachPart(std::string_view path, F&& use) {
  while (!path.empty()) {
    const std::size_t slash = path.find('/');
    const std::string_view part = path.substr(0, slash);
    if (!part.empty() && part != ".") use(part);
    if (slash == std::string_view::npos) return;
    path.remove_prefix(slash + 1);
  }
}

}  // namespace

Error BadEntry(std::string_view name, std::string_view what, std::string_view of) {
  return model::InvalidArgument(fmt::format("{}: entry {} {}", of, model::Quoted(name), what));
}

Result<EntryPath> ParseEntryPath(std::string_view name) {
  if (name.empty()) return Fail(BadEntry(name, "has no name"));
  if (!base::IsUtf8(name)) return Fail(BadEntry(name, "has a name that is not UTF-8"));
  if (name.find('\0') != std::string_view::npos) {
    return Fail(BadEntry(name, "has a name with a NUL in it"));
  }
  if (name.size() > kMaxPath) return Fail(BadEntry(name, "has too long a name"));
  if (name[0] == '/') return Fail(BadEntry(name, "has an absolute path"));
  EntryPath path;
  std::string_view problem;
  ForEachPart(name, [&](std::string_view part) {
    if (part == "..") problem = "has \"..\" in its path";
    if (part.size() > kMaxPart) problem = "has too long a name";
    path.emplace_back(part);
  });
  if (!problem.empty()) return Fail(BadEntry(name, problem));
  return path;
}

std::string FormatEntryPath(const EntryPath& path) {
  return path.empty() ? "." : fmt::format("{}", fmt::join(path, "/"));
}

bool PointsOut(const EntryPath& link, std::string_view target) {
  if (target.starts_with('/')) return true;
  std::size_t depth = link.empty() ? 0 : link.size() - 1;  // Of the folder that the link lies in.
  bool out = false;
  ForEachPart(target, [&](std::string_view part) {
    if (part != "..") {
      ++depth;
    } else if (depth == 0) {
      out = true;
    } else {
      --depth;
    }
  });
  return out;
}

}  // namespace ebb::packages
