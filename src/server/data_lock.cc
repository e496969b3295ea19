#include "server/data_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>

namespace ebb::server {
namespace {

// A new one is for its owner only: it holds keys and everybody's objects.  One that is there
// already keeps the rights that somebody gave it.
Result<void> MakeDataFolder(const base::Path& data) {
  std::error_code error;
  if (std::filesystem::exists(data, error)) return {};
  if (auto made = base::MakeFolder(data); !made) return made;
  std::filesystem::permissions(data, std::filesystem::perms::owner_all, error);
  if (error) return Fail(Error::System("protect " + data.string(), error.value()));
  return {};
}

}  // namespace

Result<DataLock> DataLock::Take(const base::Path& data) {
  if (auto made = MakeDataFolder(data); !made) return Fail(made.error());
  const base::Path path = data / "lock";
  base::Fd file(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
  if (!file.valid()) return Fail(Error::System("open " + path.string(), errno));
  if (flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return Fail(Error::System("lock " + path.string(), errno));
    std::string holder = base::ReadFile(path).value_or("");
    while (!holder.empty() && holder.back() == '\n') holder.pop_back();
    return Fail(Error::Conflict(
        "the data folder " + data.string() + " is in use by another `ebb serve`, process " +
        (holder.empty() ? "unknown" : holder) + ": stop it, or give another folder with --data"));
  }
  // For people and for the error above; the lock itself is the kernel's.
  if (ftruncate(file.get(), 0) != 0) return Fail(Error::System("write " + path.string(), errno));
  auto written = base::WriteAll(file.get(), std::to_string(getpid()) + "\n");
  if (!written) return Fail(written.error());
  return DataLock(std::move(file));
}

}  // namespace ebb::server
