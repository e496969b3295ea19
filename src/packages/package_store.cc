#include "packages/package_store.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <set>

#include "base/fd.h"
#include "base/hash.h"
#include "base/log.h"
#include "packages/unpack.h"

namespace ebb::packages {
namespace {

namespace fs = std::filesystem;

// What begins so is not a package: one being made, or one being deleted.
constexpr std::string_view kUnfinished = "new-";
constexpr std::string_view kDeleted = "gone-";

bool IsHash(std::string_view name) {
  return name.size() == 64 && std::ranges::all_of(name, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

std::vector<std::string> NamesIn(const base::Path& folder, std::error_code& error) {
  std::vector<std::string> names;
  for (fs::directory_iterator i(folder, error), end; !error && i != end; i.increment(error)) {
    names.push_back(i->path().filename().string());
  }
  return names;
}

void RemoveLeftovers(const base::Path& folder) {
  std::error_code error;
  for (const auto& name : NamesIn(folder, error)) {
    if (!name.starts_with(kUnfinished) && !name.starts_with(kDeleted)) continue;
    fs::remove_all(folder / name, error);
    if (error) {
      // It only takes room; nothing looks at it.
      log::Warn("cannot remove what an interrupted upload left",
                {{"folder", (folder / name).string()}, {"error", error.message()}});
    }
  }
}

// A folder of its own for a package being made, removed unless it was renamed into place.
class Workplace {
 public:
  static Result<Workplace> Make(const base::Path& in) {
    if (auto made = base::MakeFolder(in); !made) return Fail(made.error());
    std::string name = (in / (std::string(kUnfinished) + "XXXXXX")).string();
    if (mkdtemp(name.data()) == nullptr) {
      return Fail(Error::System("make a folder for the package", errno));
    }
    return Workplace(name);
  }
  Workplace(Workplace&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  Workplace& operator=(Workplace&&) = delete;
  ~Workplace() {
    if (path_.empty()) return;
    std::error_code ignored;  // RemoveLeftovers tries again at the next start.
    fs::remove_all(path_, ignored);
  }
  const base::Path& path() const { return path_; }

  // From here on the package is there, whole.
  Result<void> RenameTo(const base::Path& final) {
    if (rename(path_.c_str(), final.c_str()) != 0) {
      // Another Add of the same bytes was quicker; its folder is as good.
      if (errno == ENOTEMPTY || errno == EEXIST) return {};
      return Fail(Error::System("keep the package", errno));
    }
    path_.clear();
    return base::SyncFolder(final.parent_path());
  }

 private:
  explicit Workplace(base::Path path) : path_(std::move(path)) {}
  base::Path path_;
};

Result<Package> AddBlocking(const Config& config, const std::string& bytes) {
  const auto size = static_cast<std::int64_t>(bytes.size());
  if (size > config.max_packed_bytes) {
    return Fail(Error::Invalid(fmt::format("code package: it has {} bytes: at most {} are allowed",
                                           size, config.max_packed_bytes))
                    .WithCode("EntityTooLarge"));
  }
  Package package{base::Sha256Hex(bytes), base::Crc64(0, bytes), size};
  const base::Path final = config.folder / package.hash;
  std::error_code error;
  if (fs::exists(final, error)) return package;

  auto workplace = Workplace::Make(config.folder);
  if (!workplace) return Fail(workplace.error());
  const base::Path code = workplace->path() / "code";
  if (auto made = base::MakeFolder(code); !made) return Fail(made.error());
  const UnpackLimits limits{config.max_unpacked_bytes, config.max_entries, config.max_ratio};
  if (auto unpacked = Unpack(bytes, code, limits); !unpacked) return Fail(unpacked.error());
  // SaveFile ends with an fsync of the folder, which makes `code` itself durable too.
  auto saved = base::SaveFile(workplace->path() / "package", bytes, base::FileMode::kPrivate);
  if (!saved) return Fail(saved.error());
  if (auto renamed = workplace->RenameTo(final); !renamed) return Fail(renamed.error());
  return package;
}

Result<int> RemoveBlocking(const base::Path& folder, const std::set<std::string>& keep) {
  std::error_code error;
  int removed = 0;
  const auto names = NamesIn(folder, error);
  if (error == std::errc::no_such_file_or_directory) return 0;  // Nothing was ever added.
  for (const auto& name : names) {
    if (!IsHash(name) || keep.contains(name)) continue;
    // First out of sight in one step: a package is there whole or not at all.
    const base::Path gone = folder / (std::string(kDeleted) + name);
    fs::remove_all(gone, error);
    fs::rename(folder / name, gone, error);
    if (!error) fs::remove_all(gone, error);
    if (error) break;
    ++removed;
  }
  if (error) return Fail(Error::System("delete packages", error.value()));
  return removed;
}

}  // namespace

struct PackageStore::State {
  Config config;
  net::BlockingPool& pool;
};

PackageStore::PackageStore(Config config, net::BlockingPool& pool)
    : state_(std::make_unique<State>(std::move(config), pool)) {
  RemoveLeftovers(state_->config.folder);
}

PackageStore::~PackageStore() = default;

// The jobs take what they need with them: they may outlive a cancelled caller's store.
Task<Result<Package>> PackageStore::Add(std::string bytes) {
  auto job = [config = state_->config, bytes = std::move(bytes)] {
    return AddBlocking(config, bytes);
  };
  co_return co_await state_->pool.Run(std::move(job));
}

Task<Result<std::string>> PackageStore::Load(std::string hash) {
  auto job = [folder = state_->config.folder, hash = std::move(hash)]() -> Result<std::string> {
    const Error missing = Error::NotFound("the code package does not exist");
    if (!IsHash(hash)) return Fail(missing);
    auto bytes = base::ReadFile(folder / hash / "package");
    if (!bytes && bytes.error().kind() == ErrorKind::kNotFound) return Fail(missing);
    return bytes;
  };
  co_return co_await state_->pool.Run(std::move(job));
}

base::Path PackageStore::CodeFolder(const std::string& hash) const {
  return state_->config.folder / hash / "code";
}

Task<Result<int>> PackageStore::RemoveAllBut(std::vector<std::string> keep) {
  auto job = [folder = state_->config.folder,
              keep = std::set<std::string>(keep.begin(), keep.end())] {
    return RemoveBlocking(folder, keep);
  };
  co_return co_await state_->pool.Run(std::move(job));
}

}  // namespace ebb::packages
