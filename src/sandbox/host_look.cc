#include "sandbox/host_look.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <deque>
#include <set>

#include "base/hash.h"
#include "sandbox/elf_needs.h"

namespace ebb::sandbox {
namespace {

namespace fs = std::filesystem;

constexpr const char* kPythonPath = "/usr/bin/python3";
constexpr const char* kNodePath = "/usr/bin/node";
constexpr const char* kJavaPath = "/usr/bin/java";

// Where the dynamic linker looks, Debian's places first.
#if defined(__x86_64__)
#define EBB_TRIPLET "x86_64-linux-gnu"
#elif defined(__aarch64__)
#define EBB_TRIPLET "aarch64-linux-gnu"
#else
#define EBB_TRIPLET "linux-gnu"
#endif
constexpr std::array kLibraryFolders = {
    "/lib/" EBB_TRIPLET, "/usr/lib/" EBB_TRIPLET, "/lib64", "/usr/lib64", "/lib",
    "/usr/lib",          "/usr/local/lib"};

// What programs of custom runtimes are often started by or linked with.  Those that the host has.
constexpr std::array kPrograms = {"/bin/sh",       "/bin/bash",    kJavaPath,
                                  "/usr/bin/perl", "/usr/bin/php", "/usr/bin/ruby"};
constexpr std::array kLibraries = {"libc.so.6", "libstdc++.so.6", "libgcc_s.so.1", "libssl.so.3",
                                   "libcrypto.so.3"};

constexpr std::array kLocks = {"/var/lib/dpkg/lock", "/var/lib/dpkg/lock-frontend"};

base::Path Below(const base::Path& root, const base::Path& path) {
  return root / path.relative_path();
}

Mark Look(const base::Path& root, const std::string& path) {
  struct stat is{};
  Mark mark{.path = path};
  if (stat(Below(root, path).c_str(), &is) != 0) return mark;
  mark.device = is.st_dev;
  mark.number = is.st_ino;
  mark.size = S_ISDIR(is.st_mode) ? 0 : is.st_size;  // A folder's says nothing.
  mark.modified_ns = std::int64_t{is.st_mtim.tv_sec} * 1'000'000'000 + is.st_mtim.tv_nsec;
  return mark;
}

// Finds the files that matter to one runtime.
class Finder {
 public:
  explicit Finder(const base::Path& root) : root_(root) {}

  // Notes that it is not there, too: then it is seen when it comes.
  bool Note(const std::string& path) {
    const Mark mark = Look(root_, path);
    marks_.insert_or_assign(path, mark);
    return mark.number != 0;
  }
  void NoteIfThere(const std::string& path) {
    const Mark mark = Look(root_, path);
    if (mark.number != 0) marks_.insert_or_assign(path, mark);
  }

  // A program or shared object, with everything that it is linked with.
  void NoteProgram(const std::string& path) {
    if (Note(path)) FollowNeeds(path);
  }
  void FollowNeeds(const std::string& path) {
    std::deque<std::string> open = {path};
    while (!open.empty()) {
      const ElfNeeds needs = ReadElfNeeds(Below(root_, open.front()));
      open.pop_front();
      if (!needs.interpreter.empty()) NoteIfThere(needs.interpreter.string());
      for (const std::string& name : needs.names) {
        if (auto library = NoteLibrary(name, needs.run_path)) open.push_back(std::move(*library));
      }
    }
  }
  // Where it was found, the first time.
  std::optional<std::string> NoteLibrary(const std::string& name,
                                         const std::vector<base::Path>& run_path) {
    std::vector<base::Path> folders = run_path;
    folders.insert(folders.end(), kLibraryFolders.begin(), kLibraryFolders.end());
    for (const base::Path& folder : folders) {
      std::string path = (folder / name).string();
      if (marks_.contains(path)) return std::nullopt;
      const Mark mark = Look(root_, path);
      if (mark.number == 0) continue;
      marks_.insert_or_assign(path, mark);
      return path;
    }
    return std::nullopt;
  }

  // What `path` is, its links followed; as seen from the root.
  base::Path Real(const std::string& path) const {
    std::error_code error;
    const base::Path real = fs::canonical(Below(root_, path), error);
    return error ? base::Path(path) : "/" / real.lexically_relative(fs::canonical(root_, error));
  }

  Marks Take(const std::string& first) const {
    Marks marks = {marks_.at(first)};
    for (const auto& [path, mark] : marks_) {
      if (path != first) marks.push_back(mark);
    }
    return marks;
  }

  void FindPython() {
    NoteProgram(kPythonPath);
    const std::string name = Real(kPythonPath).filename();  // "python3.11".
    for (const std::string& folder : {"/usr/lib/" + name, "/usr/lib64/" + name}) {
      NoteIfThere(folder);
      NoteIfThere(folder + "/os.py");
      const std::string extensions = folder + "/lib-dynload";
      NoteIfThere(extensions);
      std::error_code error;  // Not there: it has none.
      for (const auto& file : fs::directory_iterator(Below(root_, extensions), error)) {
        FollowNeeds(extensions + "/" + file.path().filename().string());
      }
    }
    // Functions import these, too.
    NoteIfThere("/usr/lib/python3/dist-packages");
    NoteIfThere("/usr/local/lib/" + name + "/dist-packages");
  }

  void FindNode() {
    NoteProgram(kNodePath);
    NoteIfThere("/usr/share/nodejs");
  }

  void FindSystem() {
    FindPython();
    FindNode();
    for (const char* program : kPrograms) NoteProgram(program);
    for (const char* library : kLibraries) NoteLibrary(library, {});
    const base::Path java_home = Real(kJavaPath).parent_path().parent_path();
    for (const char* part : {"lib/modules", "lib/server/libjvm.so"}) {
      NoteIfThere((java_home / part).string());
    }
  }

 private:
  const base::Path root_;
  std::map<std::string, Mark> marks_;
};

Marks Find(const base::Path& root, HostRuntime runtime) {
  Finder finder(root);
  switch (runtime) {
    case HostRuntime::kPython:
      finder.FindPython();
      return finder.Take(kPythonPath);
    case HostRuntime::kNode:
      finder.FindNode();
      return finder.Take(kNodePath);
    case HostRuntime::kSystem:
      finder.FindSystem();
      return finder.Take("/bin/sh");
  }
  return {};
}

bool AsBefore(const base::Path& root, const Marks& marks) {
  return !marks.empty() && std::ranges::all_of(marks, [&](const Mark& mark) {
    return Look(root, mark.path) == mark;
  });
}

// Whether another process holds a record lock, as dpkg and apt do for as long as they work.
bool IsLocked(const base::Path& file) {
  const base::Fd fd(open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) return false;
  struct flock wanted{};
  wanted.l_type = F_WRLCK;
  wanted.l_whence = SEEK_SET;
  return fcntl(fd.get(), F_GETLK, &wanted) == 0 && wanted.l_type != F_UNLCK;
}

// The value of `field` in the paragraph of `package`.
std::string FieldOf(std::string_view status, const std::string& package, std::string_view field) {
  const std::string head = "Package: " + package + "\n";
  std::size_t begin = 0;
  if (!status.starts_with(head)) {
    begin = status.find("\n\n" + head);
    if (begin == std::string_view::npos) return {};
    begin += 2;
  }
  const std::string_view paragraph = status.substr(begin, status.find("\n\n", begin) - begin);
  const std::string start = "\n" + std::string(field) + ": ";
  const std::size_t at = paragraph.find(start);
  if (at == std::string_view::npos) return {};
  const std::string_view value = paragraph.substr(at + start.size());
  return std::string(value.substr(0, value.find('\n')));
}

bool Owns(const base::Path& root, const std::string& package, const base::Path& file) {
  auto list = base::ReadFile(Below(root, "/var/lib/dpkg/info/" + package + ".list"));
  return list && ("\n" + *list).contains("\n" + file.string() + "\n");
}

}  // namespace

const char* ToString(HostRuntime runtime) {
  switch (runtime) {
    case HostRuntime::kPython:
      return "python3";
    case HostRuntime::kNode:
      return "node";
    case HostRuntime::kSystem:
      return "system";
  }
  return "?";
}

std::optional<HostRuntime> HostRuntimeOf(const Spec& spec) {
  if (spec.image) return std::nullopt;
  switch (spec.runtime) {
    case Runtime::kPython:
      return HostRuntime::kPython;
    case Runtime::kNode:
      return HostRuntime::kNode;
    case Runtime::kCustom:
    case Runtime::kPolling:
      return HostRuntime::kSystem;
  }
  return std::nullopt;
}

HostLook LookAtHost(const base::Path& root, const HostLook& last) {
  HostLook look;
  // Before the files: one that is replaced after this look has its lock taken before the next.
  look.packages_change =
      std::ranges::any_of(kLocks, [&](const char* lock) { return IsLocked(Below(root, lock)); });
  for (const HostRuntime runtime : kHostRuntimes) {
    const auto before = last.marks.find(runtime);
    const bool same = before != last.marks.end() && AsBefore(root, before->second);
    look.marks[runtime] = same ? before->second : Find(root, runtime);
  }
  return look;
}

bool IsThere(const Marks& marks) { return !marks.empty() && marks.front().number != 0; }

std::string IdOf(const Marks& marks) {
  std::string text;
  for (const Mark& mark : marks) {
    text += mark.path + '\0';
    for (const auto number : {mark.device, mark.number, static_cast<std::uint64_t>(mark.size),
                              static_cast<std::uint64_t>(mark.modified_ns)}) {
      text += std::to_string(number) + ' ';
    }
    text += '\n';
  }
  return base::Sha256Hex(text).substr(0, 12);
}

std::string VersionOf(const base::Path& root, HostRuntime runtime) {
  auto status = base::ReadFile(Below(root, "/var/lib/dpkg/status"));
  if (!status) return {};  // Another package manager's host.
  if (runtime == HostRuntime::kSystem) {
    const std::string version = FieldOf(*status, "libc6", "Version");
    return version.empty() ? version : "libc6 " + version;
  }
  const base::Path file =
      Finder(root).Real(runtime == HostRuntime::kPython ? kPythonPath : kNodePath);
  const std::string name = file.filename();
  for (const std::string& package : {name + "-minimal", name, name + "js"}) {
    if (Owns(root, package, file)) return FieldOf(*status, package, "Version");
  }
  return {};
}

}  // namespace ebb::sandbox
