#include "images/image_user.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <functional>
#include <optional>
#include <sstream>
#include <vector>

#include "base/fd.h"

namespace ebb::images {
namespace {

constexpr std::size_t kMaxBytes = 1 << 20;
constexpr std::uint32_t kMaxId = 0x7fffffff;  // Docker's.

// Empty if it is not there.  Links lead where they lead inside the image.
std::string ReadInside(const base::Fd& root, const char* path) {
  open_how how{};
  how.flags = O_RDONLY | O_NONBLOCK | O_CLOEXEC;
  how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
  const base::Fd file(static_cast<int>(syscall(SYS_openat2, root.get(), path, &how, sizeof how)));
  struct stat what{};
  if (!file.valid() || fstat(file.get(), &what) != 0 || !S_ISREG(what.st_mode)) return {};
  std::string text(std::min(static_cast<std::size_t>(what.st_size), kMaxBytes), '\0');
  const ssize_t size = pread(file.get(), text.data(), text.size(), 0);
  text.resize(static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
  return text;
}

std::optional<std::uint32_t> ParseId(const std::string& text) {
  std::uint32_t id = 0;
  const char* const end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, id);
  if (error != std::errc() || stopped != end || id > kMaxId) return std::nullopt;
  return id;
}

// The first line of passwd(5) or group(5) that `is_wanted`, in its fields; empty if there is none.
using Fields = std::vector<std::string>;
Fields FindLine(const std::string& text, const std::function<bool(const Fields&)>& is_wanted) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    Fields fields(1);
    for (const char c : line) {
      if (c == ':') {
        fields.emplace_back();
      } else {
        fields.back() += c;
      }
    }
    if (fields.size() >= 3 && is_wanted(fields)) return fields;
  }
  return {};
}

}  // namespace

Result<ImageUser> FindUser(const base::Path& root, const std::string& text) {
  ImageUser user;
  if (text.empty()) return user;
  const base::Fd folder(open(root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!folder.valid()) return Fail(Error::System("open the image", errno));
  const std::size_t colon = text.find(':');
  const std::string name = text.substr(0, colon);
  const auto uid = ParseId(name);
  const Fields line = FindLine(ReadInside(folder, "etc/passwd"), [&](const Fields& fields) {
    return uid ? ParseId(fields[2]) == uid : fields[0] == name;
  });
  if (line.empty() && !uid) {
    return Fail(Error::Invalid("its user '" + name + "' is not in its /etc/passwd"));
  }
  const auto found_uid = uid ? uid : ParseId(line[2]);
  if (!found_uid) return Fail(Error::Invalid("its user '" + name + "' has no number"));
  user.uid = *found_uid;
  if (line.size() > 3) user.gid = ParseId(line[3]).value_or(0);
  if (line.size() > 5) user.home = line[5];
  if (colon == std::string::npos) return user;

  const std::string group = text.substr(colon + 1);
  auto gid = ParseId(group);
  if (!gid) {
    const Fields found = FindLine(ReadInside(folder, "etc/group"),
                                  [&](const Fields& fields) { return fields[0] == group; });
    if (!found.empty()) gid = ParseId(found[2]);
  }
  if (!gid) return Fail(Error::Invalid("its group '" + group + "' is not in its /etc/group"));
  user.gid = *gid;
  return user;
}

}  // namespace ebb::images
