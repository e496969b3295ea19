#include "sandbox/cgroup_sweep.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <string>

namespace ebb::sandbox {
namespace {

std::vector<std::string> Groups(const base::Fd& tree) {
  std::vector<std::string> names;
  // Its own description, since listing moves its position.
  const std::unique_ptr<DIR, int (*)(DIR*)> listing(
      fdopendir(openat(tree.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)), &closedir);
  if (!listing) return names;
  while (const dirent* entry = readdir(listing.get())) {
    if (entry->d_type == DT_DIR && entry->d_name[0] != '.') names.emplace_back(entry->d_name);
  }
  return names;
}

void Write(const base::Fd& tree, const std::string& file, std::string_view text) {
  const base::Fd fd(openat(tree.get(), file.c_str(), O_WRONLY | O_CLOEXEC));
  if (!fd.valid()) return;  // Another hierarchy's, or the other version's.
  if (write(fd.get(), text.data(), text.size()) < 0) return;  // It is on its way out already.
}

// Only if it is still the one that we hold: a server that stopped in order has removed it, and the
// next one may have made another.
void RemoveTree(const base::Fd& tree, const std::string& name) {
  const base::Fd parent(openat(tree.get(), "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  struct stat held{};
  struct stat named{};
  if (parent.valid() && fstat(tree.get(), &held) == 0 &&
      fstatat(parent.get(), name.c_str(), &named, 0) == 0 && held.st_ino == named.st_ino) {
    unlinkat(parent.get(), name.c_str(), AT_REMOVEDIR);
  }
}

}  // namespace

void EndAllAndSweep(const std::string& name, const std::vector<base::Fd>& trees) {
  std::vector<std::vector<std::string>> groups;
  for (const base::Fd& tree : trees) {
    for (const std::string& group : groups.emplace_back(Groups(tree))) {
      Write(tree, group + "/freezer.state", "THAWED");
      Write(tree, group + "/cgroup.freeze", "0");
      Write(tree, group + "/cpu.cfs_quota_us", "-1");  // What is killed must get to end.
      Write(tree, group + "/cpu.max", "max");
    }
  }
  do {
    kill(-1, SIGKILL);
  } while (waitpid(-1, nullptr, 0) > 0 || errno == EINTR);
  for (std::size_t i = trees.size(); i-- > 0;) {
    for (const std::string& group : groups[i]) {
      unlinkat(trees[i].get(), group.c_str(), AT_REMOVEDIR);
    }
    RemoveTree(trees[i], name);
  }
}

}  // namespace ebb::sandbox
