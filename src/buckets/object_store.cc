#include "buckets/object_store.h"

#include <cerrno>

#include "base/log.h"
#include "buckets/names.h"
#include "buckets/object_store_state.h"

namespace ebb::buckets {
namespace {

// The database says "disk full" in words: it has no S3 code for it.
Error WithStorageCode(const Error& error) {
  if (error.kind() != ErrorKind::kUnavailable || !error.code().empty()) return error;
  if (!error.message().contains("disk full") && !error.message().contains("No space left")) {
    return error;
  }
  return DiskError("commit: " + error.message(), ENOSPC);
}

}  // namespace

ObjectStore::State::State(Config c, Dependencies dependencies)
    : config(std::move(c)),
      use(std::move(dependencies)),
      files(config.folder, config.before_step_for_test),
      events(use.queue, use.clock, use.random, config.region, use.snapshot),
      gate([this](std::vector<std::string> names) { RemoveLater(std::move(names)); }) {}

void ObjectStore::State::RemoveLater(std::vector<std::string> names) {
  // `files` by value: the pool may run this when the store is gone.
  use.pool.Post([remover = files, old = std::move(names)] {
    for (const std::string& name : old) remover.Remove(name);
  });
}

ObjectStore::ObjectStore(std::unique_ptr<State> state) : state_(std::move(state)) {}
ObjectStore::~ObjectStore() = default;

Result<std::unique_ptr<ObjectStore>> ObjectStore::Open(Config config, Dependencies dependencies) {
  auto state = std::make_unique<State>(std::move(config), std::move(dependencies));
  if (auto made = state->files.MakeFolder(); !made) return Fail(made.error());
  if (auto removed = state->RemoveOrphans(); !removed) return Fail(removed.error());
  return std::unique_ptr<ObjectStore>(new ObjectStore(std::move(state)));
}

Result<void> ObjectStore::State::RemoveOrphans() {
  int removed = 0;
  const auto shards = files.Shards();
  if (!shards) return Fail(shards.error());
  for (const std::string& shard : *shards) {
    std::set<std::string> known;
    auto read = use.database.ReadBlocking([&](store::Reader& reader) -> Result<void> {
      // 'g' comes after every hex digit.
      auto found = reader.Query("SELECT file FROM object_files WHERE file >= ? AND file < ?",
                                {shard, shard + "g"});
      if (!found) return Fail(found.error());
      for (const store::Row& row : *found) known.insert(row.Text(0));
      return {};
    });
    if (!read) return read;
    const auto count = files.RemoveAllBut(shard, known);
    if (!count) return Fail(count.error());
    removed += *count;
  }
  if (removed > 0) log::Info("removed files of interrupted uploads", {{"files", removed}});
  return {};
}

Task<Result<Changed>> ObjectStore::State::Apply(std::vector<NewFile> fresh, ChangeJob job) {
  // From here on the write decides about the files.  Should this coroutine be destroyed in it, at
  // the end of the server, they may be an object's; if not, the next start removes them.
  std::vector<std::string> names;
  for (NewFile& file : fresh) {
    names.push_back(file.name());
    file.Keep();
  }
  auto changed = co_await use.database.Writing<Changed>(
      [this, job = std::move(job)](store::Transaction& tx) mutable -> Result<Changed> {
        if (config.before_step_for_test) {
          if (auto ok = config.before_step_for_test("commit"); !ok) return Fail(ok.error());
        }
        return job(tx);
      });
  // No co_await from here on: in a put whose client has left meanwhile it would throw.
  if (!changed) {
    RemoveLater(std::move(names));
    co_return Fail(WithStorageCode(changed.error()));
  }
  // A crash from here on leaves retired files that no row names: the next start removes them.
  if (changed->events > 0) use.queue.NotifyEnqueued();
  for (Retired& old : changed->retired) gate.Retire(old.content, std::move(old.files));
  co_return changed;
}

Result<void> ObjectStore::State::RetireIn(store::Transaction& tx, const std::string& content,
                                          Changed& changed) {
  auto names = rows::RemoveContent(tx, content);
  if (!names) return Fail(names.error());
  changed.retired.push_back({.content = content, .files = std::move(*names)});
  return {};
}

// --- Buckets.

Task<Result<void>> ObjectStore::CreateBucket(BucketName name) {
  if (auto good = CheckBucketName(name.bucket); !good) co_return good;
  const std::int64_t now = ToUnixMillis(state_->use.clock.WallNow());
  auto written = co_await state_->use.database.Write(
      [name = std::move(name), now](store::Transaction& tx) -> Result<void> {
        auto there = rows::FindBucket(tx, name);
        if (!there) return Fail(there.error());
        if (*there) {
          return Fail(Error::Conflict("Your previous request to create the named bucket succeeded "
                                      "and you already own it.")
                          .WithCode("BucketAlreadyOwnedByYou"));
        }
        auto made = tx.Execute("INSERT INTO buckets (account, name, created_ms) VALUES (?, ?, ?)",
                               {name.account, name.bucket, now});
        if (!made) return Fail(made.error());
        return {};
      });
  if (!written) co_return Fail(WithStorageCode(written.error()));
  co_return written;
}

Task<Result<Bucket>> ObjectStore::FindBucket(BucketName name) {
  co_return co_await state_->use.database.Reading<Bucket>(
      [name = std::move(name)](store::Reader& r) { return rows::NeedBucket(r, name); });
}

Task<Result<std::vector<Bucket>>> ObjectStore::ListBuckets(std::string account) {
  co_return co_await state_->use.database.Reading<std::vector<Bucket>>(
      [account = std::move(account)](store::Reader& reader) -> Result<std::vector<Bucket>> {
        auto found = reader.Query(
            "SELECT name, created_ms FROM buckets WHERE account = ? ORDER BY name", {account});
        if (!found) return Fail(found.error());
        std::vector<Bucket> out;
        for (const store::Row& row : *found) {
          out.push_back({.name = row.Text(0), .created = FromUnixMillis(row.Int(1))});
        }
        return out;
      });
}

namespace {

// Unfinished uploads go with their bucket, as on S3.
Result<std::vector<std::string>> RemoveUploadsOf(store::Transaction& tx, const BucketName& name) {
  auto found = tx.Query(
      "SELECT p.content FROM uploads u JOIN upload_parts p ON p.upload = u.id "
      "WHERE u.account = ? AND u.bucket = ?",
      {name.account, name.bucket});
  if (!found) return Fail(found.error());
  std::vector<std::string> contents;
  for (const store::Row& row : *found) contents.push_back(row.Text(0));
  for (const char* sql : {"DELETE FROM upload_parts WHERE upload IN "
                          "(SELECT id FROM uploads WHERE account = ? AND bucket = ?)",
                          "DELETE FROM uploads WHERE account = ? AND bucket = ?",
                          "DELETE FROM buckets WHERE account = ? AND name = ?"}) {
    if (auto done = tx.Execute(sql, {name.account, name.bucket}); !done) return Fail(done.error());
  }
  return contents;
}

}  // namespace

Task<Result<void>> ObjectStore::DeleteBucket(BucketName name) {
  State* state = state_.get();
  auto changed = co_await state->Apply(
      {}, [state, name = std::move(name)](store::Transaction& tx) -> Result<Changed> {
        if (auto there = rows::NeedBucket(tx, name); !there) return Fail(there.error());
        auto objects = tx.Query("SELECT 1 FROM objects WHERE account = ? AND bucket = ? LIMIT 1",
                                {name.account, name.bucket});
        if (!objects) return Fail(objects.error());
        if (!objects->empty()) {
          return Fail(Error::Conflict("The bucket you tried to delete is not empty")
                          .WithCode("BucketNotEmpty"));
        }
        const auto contents = RemoveUploadsOf(tx, name);
        if (!contents) return Fail(contents.error());
        Changed out;
        for (const std::string& content : *contents) {
          if (auto retired = state->RetireIn(tx, content, out); !retired) {
            return Fail(retired.error());
          }
        }
        return out;
      });
  if (!changed) co_return Fail(changed.error());
  co_return Result<void>{};
}

}  // namespace ebb::buckets
