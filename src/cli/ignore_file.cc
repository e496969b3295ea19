#include "cli/ignore_file.h"

#include <fnmatch.h>

#include <span>

namespace ebb::cli {
namespace {

std::vector<std::string> Split(std::string_view text, char at) {
  std::vector<std::string> out;
  while (true) {
    const std::size_t end = text.find(at);
    out.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) return out;
    text.remove_prefix(end + 1);
  }
}

bool Matches(std::span<const std::string> pattern, std::span<const std::string> path) {
  if (pattern.empty()) return path.empty();
  if (pattern.front() == "**") {
    // "a/**" is what lies in a, not a itself.
    if (pattern.size() == 1) return !path.empty();
    for (std::size_t skip = 0; skip <= path.size(); ++skip) {
      if (Matches(pattern.subspan(1), path.subspan(skip))) return true;
    }
    return false;
  }
  if (path.empty() || fnmatch(pattern.front().c_str(), path.front().c_str(), 0) != 0) return false;
  return Matches(pattern.subspan(1), path.subspan(1));
}

}  // namespace

IgnoreFile::IgnoreFile(std::string_view text) {
  for (std::string line : Split(text, '\n')) {
    while (!line.empty() && (line.back() == ' ' || line.back() == '\r')) line.pop_back();
    if (line.empty() || line.front() == '#') continue;
    Rule rule;
    if (line.front() == '!') {
      rule.again = true;
      line.erase(0, 1);
    }
    if (line.ends_with('/')) {
      rule.folders_only = true;
      line.pop_back();
    }
    // A '/' at the beginning or inside ties the pattern to the folder; else it is for any depth.
    const bool tied = line.find('/') != std::string::npos;
    if (line.starts_with('/')) line.erase(0, 1);
    if (line.empty()) continue;
    rule.parts = Split(line, '/');
    if (!tied) rule.parts.insert(rule.parts.begin(), "**");
    rules_.push_back(std::move(rule));
  }
}

bool IgnoreFile::Ignores(std::string_view path, EntryKind kind) const {
  const std::vector<std::string> parts = Split(path, '/');
  bool ignored = false;
  for (const Rule& rule : rules_) {  // The last rule that matches decides.
    if (rule.folders_only && kind != EntryKind::kFolder) continue;
    if (Matches(rule.parts, parts)) ignored = !rule.again;
  }
  return ignored;
}

}  // namespace ebb::cli
