#include "images/image_store.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <boost/asio/post.hpp>
#include <cerrno>
#include <cstdlib>
#include <optional>

#include "base/log.h"
#include "images/manifest.h"
#include "images/unpack.h"
#include "model/function_rules.h"
#include "net/task_group.h"
#include "net/timing.h"

namespace ebb::images {
namespace {

namespace fs = std::filesystem;

// What begins so is not an image: one being made, or one being deleted.
constexpr std::string_view kUnfinished = "new-";
constexpr std::string_view kDeleted = "gone-";

std::vector<std::string> NamesIn(const base::Path& folder) {
  std::vector<std::string> names;
  std::error_code error;  // Not there: nothing was ever pulled.
  for (fs::directory_iterator i(folder, error), end; !error && i != end; i.increment(error)) {
    names.push_back(i->path().filename().string());
  }
  return names;
}

void RemoveFolder(const base::Path& folder) {
  std::error_code error;
  fs::remove_all(folder, error);
  // It only takes room; the next start tries again.
  if (error) {
    log::Warn("a folder of an image stays",
              {{"folder", folder.string()}, {"error", error.message()}});
  }
}

// A folder of its own for an image being made, removed unless it was renamed into place.
class Workplace {
 public:
  static Result<Workplace> Make(const base::Path& in, net::BlockingPool& pool) {
    if (auto made = base::MakeFolder(in); !made) return Fail(made.error());
    std::string name = (in / (std::string(kUnfinished) + "XXXXXX")).string();
    if (mkdtemp(name.data()) == nullptr || mkdir((name + "/root").c_str(), 0755) != 0) {
      return Fail(Error::System("make a folder for an image", errno));
    }
    return Workplace(name, pool);
  }
  Workplace(Workplace&& other) noexcept
      : path_(std::exchange(other.path_, {})), pool_(other.pool_) {}
  Workplace& operator=(Workplace&&) = delete;
  ~Workplace() {
    if (!path_.empty()) pool_.Post([path = path_] { RemoveFolder(path); });
  }
  base::Path root() const { return path_ / "root"; }
  base::Path layer() const { return path_ / "layer"; }

  // From here on the image is there, whole.
  Result<void> RenameTo(const base::Path& final) {
    if (rename(path_.c_str(), final.c_str()) != 0) {
      return Fail(Error::System("keep the image", errno));
    }
    path_.clear();
    return {};
  }

 private:
  Workplace(base::Path path, net::BlockingPool& pool) : path_(std::move(path)), pool_(pool) {}
  base::Path path_;
  net::BlockingPool& pool_;
};

// The folder that the image begins in, made if the image does not have it.
Result<void> MakeWorkFolder(ImageTree& tree, const std::string& work_in) {
  if (work_in.empty()) return {};
  if (auto made = tree.AddFolder(work_in); !made) {
    return Fail(Error::Invalid("its working folder " + work_in + " cannot be made"));
  }
  return {};
}

Result<base::Fd> MakeFile(const base::Path& path) {
  base::Fd file(open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!file.valid()) return Fail(Error::System("make a file for a layer", errno));
  return file;
}

std::map<std::string, std::string> EnvironmentOf(const ImageConfig& config) {
  std::map<std::string, std::string> out;
  for (const std::string& entry : config.environment) {
    const std::size_t equals = entry.find('=');
    if (equals == 0 || equals == std::string::npos) continue;  // Docker ignores those as well.
    out[entry.substr(0, equals)] = entry.substr(equals + 1);
  }
  return out;
}

std::string HexOf(const std::string& digest) { return digest.substr(digest.find(':') + 1); }

// What went wrong with an image, for whoever deploys it.
Error About(const Reference& reference, const Error& error) {
  const std::string name = "image " + reference.name() + ": ";
  if (error.kind() != ErrorKind::kInvalid || error.message().starts_with(name)) return error;
  return model::InvalidArgument(name + error.message());
}

}  // namespace

struct ImageStore::State : std::enable_shared_from_this<State> {
  // One image on its way to the disk, for all who wait for it.
  struct Job {
    explicit Job(asio::io_context& io) : ended(io) {}
    net::Signal ended;
    std::optional<Result<void>> outcome;
  };

  State(asio::io_context& i, net::BlockingPool& p, const Clock& c, Config f)
      : io(i), pool(p), clock(c), config(std::move(f)), tasks(i) {}

  // What one image is made of.
  struct Parts {
    Registry registry;
    Manifest manifest;
    ImageConfig config;
    std::string digest;  // Hex.
  };

  base::Path FolderOf(const std::string& digest) const { return config.folder / digest; }
  bool IsThere(const std::string& digest) const {
    std::error_code error;
    return fs::exists(FolderOf(digest), error);
  }

  Hold HoldImage(const std::string& digest);
  void Sweep();
  void Remove(const std::string& digest);

  Task<Result<Parts>> Resolve(Reference reference, Access access);
  Task<Result<void>> Ensure(std::shared_ptr<Parts> parts);
  Task<void> Fetch(std::shared_ptr<Parts> parts, std::shared_ptr<Job> job);
  Task<Result<void>> Unpack(std::shared_ptr<Parts> parts);
  Task<Result<void>> AddLayer(std::shared_ptr<Parts> parts, Descriptor layer,
                              const Workplace& workplace, ImageTree& tree, Room& room);

  asio::io_context& io;
  net::BlockingPool& pool;
  const Clock& clock;
  Config config;
  std::map<std::string, std::shared_ptr<Job>> jobs;        // By digest.
  std::map<std::string, std::weak_ptr<const void>> holds;  // By digest.
  std::optional<std::set<std::string>> used;               // Before KeepOnly nothing is removed.
  net::TaskGroup tasks;
};

Hold ImageStore::State::HoldImage(const std::string& digest) {
  if (auto held = holds[digest].lock()) return held;
  // Whoever lets go of it last, on whatever thread, the loop hears of it.
  Hold hold(static_cast<const void*>(this), [weak = weak_from_this(), digest](const void*) {
    const auto self = weak.lock();
    if (!self) return;
    asio::post(self->io, [weak, digest] {
      const auto again = weak.lock();
      if (!again || !again->holds[digest].expired()) return;  // Held anew meanwhile.
      again->holds.erase(digest);
      again->Sweep();
    });
  });
  holds[digest] = hold;
  return hold;
}

void ImageStore::State::Remove(const std::string& digest) {
  // First out of sight in one step: an image is there whole or not at all.
  const base::Path gone = config.folder / (std::string(kDeleted) + digest);
  if (rename(FolderOf(digest).c_str(), gone.c_str()) != 0) {
    log::Warn("an unused image stays",
              {{"image", digest}, {"error", Error::System("rename", errno).message()}});
    return;
  }
  log::Info("image removed", {{"image", digest}});
  pool.Post([gone] { RemoveFolder(gone); });
}

void ImageStore::State::Sweep() {
  if (!used) return;
  for (const std::string& name : NamesIn(config.folder)) {
    if (IsSha256Digest("sha256:" + name) && !used->contains(name) && !holds.contains(name))
      Remove(name);
  }
}

Task<Result<ImageStore::State::Parts>> ImageStore::State::Resolve(Reference reference,
                                                                  Access access) {
  access.plain_allowed = config.plain_registries.contains(reference.registry);
  Registry registry(clock, reference, std::move(access));
  auto document = co_await registry.GetManifest(reference.target());
  if (!document) co_return Fail(document.error());
  auto chosen = ChoosePlatform(*document);
  if (!chosen) co_return Fail(chosen.error());
  if (*chosen) {
    document = co_await registry.GetManifest((*chosen)->digest);
    if (!document) co_return Fail(document.error());
  }
  auto manifest = ParseManifest(*document);
  if (!manifest) co_return Fail(manifest.error());
  std::int64_t bytes = 0;
  for (const Descriptor& layer : manifest->layers) {
    // Each is compared first, so that their sum cannot overflow.
    if (layer.bytes > config.max_packed_bytes - bytes) {
      co_return Fail(Error::Invalid("it is too large: at most " +
                                    std::to_string(config.max_packed_bytes) +
                                    " bytes are allowed in its registry"));
    }
    bytes += layer.bytes;
  }
  if (manifest->layers.size() > config.max_layers) {
    co_return Fail(Error::Invalid("it has too many layers"));
  }
  auto text = co_await registry.GetBlob(manifest->config);
  if (!text) co_return Fail(text.error());
  auto image = ParseImageConfig(*text);
  if (!image) co_return Fail(image.error());
  co_return Parts{std::move(registry), *std::move(manifest), *std::move(image),
                  HexOf(document->digest)};
}

// Joins whoever unpacks this image already.
Task<Result<void>> ImageStore::State::Ensure(std::shared_ptr<Parts> parts) {
  const std::string digest = parts->digest;
  std::shared_ptr<Job> job = jobs[digest];
  if (!job) {
    if (IsThere(digest)) {
      jobs.erase(digest);
      co_return Result<void>();
    }
    job = std::make_shared<Job>(io);
    jobs[digest] = job;
    tasks.Spawn("pull an image", Fetch(std::move(parts), job));
  }
  while (!job->outcome) co_await job->ended.Wait(Deadline::Never());
  co_return *job->outcome;
}

Task<void> ImageStore::State::Fetch(std::shared_ptr<Parts> parts, std::shared_ptr<Job> job) {
  // However it ends, cancelled too, nobody waits for ever.
  const struct Ending {
    State& state;
    const std::string& digest;
    Job& job;
    ~Ending() {
      if (!job.outcome) job.outcome = Fail(Error::Unavailable("the pull was broken off"));
      state.jobs.erase(digest);
      job.ended.NotifyAll();
    }
  } ending{*this, parts->digest, *job};
  const TimePoint begun = clock.Now();
  job->outcome = co_await Unpack(parts);
  if (!*job->outcome) co_return;
  log::Info(
      "image pulled",
      {{"image", parts->registry.reference().name()},
       {"digest", parts->digest},
       {"layers", std::to_string(parts->manifest.layers.size())},
       {"ms", std::to_string(std::chrono::duration_cast<Millis>(clock.Now() - begun).count())}});
}

// One layer's file at a time: twice the image's size is not needed on the disk.
Task<Result<void>> ImageStore::State::AddLayer(std::shared_ptr<Parts> parts, Descriptor layer,
                                               const Workplace& workplace, ImageTree& tree,
                                               Room& room) {
  const base::Path path = workplace.layer();
  const auto file = co_await pool.Run([&path] { return MakeFile(path); });
  if (!file) co_return Fail(file.error());
  auto loaded = co_await parts->registry.Download(layer, pool, file->get());
  if (!loaded) co_return loaded;
  co_return co_await pool.Run([&] { return UnpackLayer(path, tree, room); });
}

Task<Result<void>> ImageStore::State::Unpack(std::shared_ptr<Parts> parts) {
  auto workplace = Workplace::Make(config.folder, pool);
  if (!workplace) co_return Fail(workplace.error());
  auto tree = ImageTree::Open(workplace->root());
  if (!tree) co_return Fail(tree.error());
  Room room{config.max_unpacked_bytes, config.max_entries};
  for (const Descriptor& layer : parts->manifest.layers) {
    auto added = co_await AddLayer(parts, layer, *workplace, *tree, room);
    if (!added) co_return added;
  }
  auto finished = co_await pool.Run([&]() -> Result<void> {
    if (auto made = MakeWorkFolder(*tree, parts->config.work_in); !made) return made;
    std::error_code ignored;  // An image without layers has none.
    fs::remove(workplace->layer(), ignored);
    return tree->Sync();
  });
  if (!finished) co_return finished;
  // On the loop, where everything that looks for images is.
  if (auto kept = workplace->RenameTo(FolderOf(parts->digest)); !kept) co_return kept;
  co_return co_await pool.Run([folder = config.folder] { return base::SyncFolder(folder); });
}

ImageStore::ImageStore(asio::io_context& io, net::BlockingPool& pool, const Clock& clock,
                       Config config)
    : state_(std::make_shared<State>(io, pool, clock, std::move(config))) {
  for (const std::string& name : NamesIn(state_->config.folder)) {
    if (name.starts_with(kUnfinished) || name.starts_with(kDeleted)) {
      RemoveFolder(state_->config.folder / name);
    }
  }
}

ImageStore::~ImageStore() = default;

Task<Result<Image>> ImageStore::Pull(std::string image, Access access) {
  const std::shared_ptr<State> state = state_;
  auto reference = ParseReference(image);
  if (!reference) co_return Fail(reference.error());
  auto resolved = co_await state->Resolve(*reference, std::move(access));
  if (!resolved) co_return Fail(About(*reference, resolved.error()));
  auto parts = std::make_shared<State::Parts>(*std::move(resolved));
  // Held before it is there: between its rename and the hold it could be swept.
  Hold hold = state->HoldImage(parts->digest);
  auto there = co_await state->Ensure(parts);
  if (!there) co_return Fail(About(*reference, there.error()));
  const ImageConfig& config = parts->config;
  auto user = co_await state->pool.Run([root = state->FolderOf(parts->digest) / "root",
                                        text = config.user] { return FindUser(root, text); });
  if (!user) co_return Fail(About(*reference, user.error()));
  co_return Image{
      .resolved = reference->name() + "@sha256:" + parts->digest,
      .digest = parts->digest,
      .entrypoint = config.entrypoint,
      .command = config.command,
      .environment = EnvironmentOf(config),
      .work_in = config.work_in.starts_with('/') ? config.work_in : "/" + config.work_in,
      .user = *std::move(user),
      .hold = std::move(hold)};
}

base::Path ImageStore::RootFolder(const std::string& digest) const {
  return state_->FolderOf(digest) / "root";
}

Hold ImageStore::HoldImage(const std::string& digest) { return state_->HoldImage(digest); }

void ImageStore::KeepOnly(std::set<std::string> digests) {
  state_->used = std::move(digests);
  state_->Sweep();
}

Task<void> ImageStore::Stop() { co_await state_->tasks.Stop(); }

}  // namespace ebb::images
