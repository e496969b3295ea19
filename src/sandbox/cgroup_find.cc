// sandbox/cgroup_find.cc
// Which of the host's mounts are the cgroup hierarchies that limits need.
#include <map>
#include <sstream>

#include "sandbox/cgroup.h"

namespace ebb::sandbox {
namespace {

struct Found {
  std::map<std::string, base::Path> v1;  // By controller.
  base::Path v2;
};

// A line is: id parent major:minor root mount-point options tags… - type source super-options.
Found Read(const std::string& mountinfo) {
  Found found;
  std::istringstream lines(mountinfo);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string skip, point, type, source, options;
    words >> skip >> skip >> skip >> skip >> point;
    while (words >> skip && skip != "-") {
    }
    words >> type >> source >> options;
    if (type == "cgroup2" && found.v2.empty()) found.v2 = point;
    if (type != "cgroup") continue;
    std::istringstream controllers(options);
    for (std::string name; std::getline(controllers, name, ',');) found.v1.try_emplace(name, point);
  }
  return found;
}

// The controllers of `wanted` that are not in `has`, as text.
std::string Missing(std::initializer_list<const char*> wanted, const auto& has) {
  std::string missing;
  for (const char* name : wanted) {
    if (!has(name)) missing += (missing.empty() ? "" : ", ") + std::string(name);
  }
  return missing;
}

}  // namespace

Result<CgroupMounts> FindCgroups(const std::string& mountinfo) {
  Found found = Read(mountinfo);
  const std::string missing_v1 = Missing({"cpu", "cpuacct", "memory", "pids", "freezer"},
                                         [&](const char* name) { return found.v1.contains(name); });
  if (missing_v1.empty()) {
    return CgroupMounts{{found.v1["cpu"], found.v1["cpuacct"], found.v1["memory"], found.v1["pids"],
                         found.v1["freezer"]},
                        {}};
  }
  if (found.v2.empty()) {
    return Fail(Error::Denied("ebb serve needs the cgroup controllers " + missing_v1 +
                              ", which are not mounted"));
  }
  std::map<std::string, bool> has;
  if (auto listed = base::ReadFile(found.v2 / "cgroup.controllers"); listed) {
    std::istringstream names(*listed);
    for (std::string name; names >> name;) has[name] = true;
  }
  const std::string missing_v2 =
      Missing({"cpu", "memory", "pids"}, [&](const char* name) { return has.contains(name); });
  if (!missing_v2.empty()) {
    return Fail(Error::Denied("ebb serve needs the cgroup controllers " + missing_v2 +
                              ", which neither v1 nor " + found.v2.string() + " (v2) offers"));
  }
  return CgroupMounts{{}, found.v2};
}

Result<std::unique_ptr<CgroupTree>> MakeCgroupTree(const CgroupMounts& mounts,
                                                   const std::string& name) {
  if (mounts.v2.empty()) return MakeCgroupTreeV1(mounts.v1, name);
  return MakeCgroupTreeV2(mounts.v2, name);
}

}  // namespace ebb::sandbox
