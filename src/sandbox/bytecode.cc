#include "sandbox/bytecode.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

namespace ebb::sandbox {
namespace {

constexpr const char* kFolder = "__pycache__";  // PEP 3147.
constexpr std::string_view kEnding = ".pyc";

bool NamesBytecode(const base::Path& path) {
  const bool in_its_folder = path.is_relative() && path.parent_path().filename() == kFolder;
  return in_its_folder && path.filename().string().ends_with(kEnding);
}

base::Fd OpenFolderBeneath(int root, const base::Path& path) {
  open_how how{};
  how.flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  const char* name = path.empty() ? "." : path.c_str();
  return base::Fd(static_cast<int>(syscall(SYS_openat2, root, name, &how, sizeof how)));
}

Result<void> WriteNew(int folder, const std::string& name, std::string_view bytes) {
  unlinkat(folder, name.c_str(), 0);  // Left behind by a crash, or not there.
  const base::Fd file(
      openat(folder, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644));
  if (!file.valid()) return Fail(Error::System("create " + name, errno));
  if (auto written = base::WriteAll(file.get(), bytes); !written) return written;
  if (fsync(file.get()) != 0) return Fail(Error::System("sync " + name, errno));
  return {};
}

}  // namespace

Result<void> SaveBytecode(const base::Path& package, const BytecodeFile& file) {
  const base::Path path(file.path);
  if (!NamesBytecode(path)) return Fail(Error::Invalid("'" + file.path + "' is no bytecode"));
  const base::Fd root(open(package.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!root.valid()) return Fail(Error::System("open " + package.string(), errno));
  const base::Fd sources = OpenFolderBeneath(root.get(), path.parent_path().parent_path());
  if (!sources.valid()) return Fail(Error::Invalid("'" + file.path + "' leads out of the package"));
  if (mkdirat(sources.get(), kFolder, 0755) != 0 && errno != EEXIST) {
    return Fail(Error::System("make a folder for bytecode", errno));
  }
  const base::Fd folder = OpenFolderBeneath(sources.get(), kFolder);
  if (!folder.valid()) return Fail(Error::Invalid("'" + file.path + "' leads through a link"));
  const std::string name = path.filename();
  const std::string unfinished = name + ".ebb-unfinished";
  if (auto written = WriteNew(folder.get(), unfinished, file.bytes); !written) return written;
  if (renameat(folder.get(), unfinished.c_str(), folder.get(), name.c_str()) != 0) {
    return Fail(Error::System("rename " + unfinished, errno));
  }
  return {};
}

void Bytecode::Loaded(const Spec& spec) {
  if (spec.runtime != Runtime::kPython || spec.version.empty()) return;
  if (!seen_.insert(spec.version).second) return;
  wanted_.push_back(spec.code);
  wanted_.insert(wanted_.end(), spec.layers.begin(), spec.layers.end());
}

std::optional<base::Path> Bytecode::Wanted() {
  if (wanted_.empty()) return std::nullopt;
  base::Path next = std::move(wanted_.front());
  wanted_.pop_front();
  return next;
}

void Bytecode::Forget(std::string_view prefix, std::string_view except) {
  std::erase_if(seen_, [&](const std::string& version) {
    return version.starts_with(prefix) && version != except;
  });
}

}  // namespace ebb::sandbox
