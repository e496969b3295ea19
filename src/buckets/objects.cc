// ObjectStore's methods on single objects: put, open, copy, delete.
#include "base/encoding.h"
#include "buckets/names.h"
#include "buckets/object_store_state.h"
#include "buckets/open_object.h"

namespace ebb::buckets {
Result<void> CheckCondition(store::Reader& reader, const ObjectName& name,
                            const PutCondition& condition) {
  if (!condition.if_absent && !condition.if_etag) return {};
  const auto there = rows::FindObject(reader, name);
  if (!there) return Fail(there.error());
  if (condition.if_etag && !*there) {
    return Fail(Error::NotFound("The specified key does not exist.").WithCode("NoSuchKey"));
  }
  const bool fits = condition.if_absent
                        ? !there->has_value()
                        : *condition.if_etag == "*" || *condition.if_etag == (*there)->object.etag;
  if (fits) return {};
  return Fail(Error::Conflict("At least one of the pre-conditions you specified did not hold")
                  .WithCode("PreconditionFailed"));
}

Result<Changed> ObjectStore::State::ReplaceIn(store::Transaction& tx, const Origin& origin,
                                              const std::string& event_name, const ObjectName& name,
                                              const rows::ObjectRow& row) {
  if (auto bucket = rows::NeedBucket(tx, name.in()); !bucket) return Fail(bucket.error());
  const auto old = rows::FindObject(tx, name);
  if (!old) return Fail(old.error());
  if (auto saved = rows::SaveObject(tx, name, row); !saved) return Fail(saved.error());
  Changed changed;
  changed.object = row.object;
  auto delta = static_cast<std::int64_t>(row.object.bytes);
  if (*old) {
    delta -= static_cast<std::int64_t>((*old)->object.bytes);
    if (auto r = RetireIn(tx, (*old)->content, changed); !r) return Fail(r.error());
  }
  auto raised = events.RaiseIn(tx, {.name = event_name,
                                    .sequencer = row.content,
                                    .object_name = name,
                                    .object = row.object,
                                    .delta_bytes = delta,
                                    .origin = origin});
  if (!raised) return Fail(raised.error());
  changed.events = *raised;
  return changed;
}

Result<void> ObjectStore::State::RemoveIn(store::Transaction& tx, const Origin& origin,
                                          const std::string& event_name, const ObjectName& name,
                                          Changed& changed) {
  const auto old = rows::FindObject(tx, name);
  if (!old) return Fail(old.error());
  if (!*old) return {};
  if (auto removed = rows::RemoveObject(tx, name); !removed) return removed;
  if (auto r = RetireIn(tx, (*old)->content, changed); !r) return r;
  auto raised = events.RaiseIn(tx, {.name = event_name,
                                    // A content is made once and removed once.
                                    .sequencer = (*old)->content + "/removed",
                                    .object_name = name,
                                    .object = (*old)->object,
                                    .delta_bytes = -static_cast<std::int64_t>((*old)->object.bytes),
                                    .origin = origin});
  if (!raised) return Fail(raised.error());
  changed.events += *raised;
  return {};
}

Task<Result<Object>> ObjectStore::Put(Origin origin, ObjectName name, Attributes attributes,
                                      PutCondition condition, Incoming incoming, net::Body& body) {
  State* state = state_.get();
  if (auto good = CheckKey(name.key); !good) co_return Fail(good.error());
  // Asked again in the write; here it spares the client from sending the body for nothing.
  auto welcome = co_await state->use.database.Read([&](store::Reader& r) -> Result<void> {
    if (auto bucket = rows::NeedBucket(r, name.in()); !bucket) return Fail(bucket.error());
    return CheckCondition(r, name, condition);
  });
  if (!welcome) co_return Fail(welcome.error());

  auto content = co_await state->TakeIn(body, std::move(incoming));
  if (!content) co_return Fail(content.error());
  rows::ObjectRow row{.object = {.key = name.key,
                                 .bytes = content->digests.bytes,
                                 .etag = base::FormatHex(content->digests.md5),
                                 .modified = state->use.clock.WallNow(),
                                 .parts = 0,
                                 .attributes = std::move(attributes),
                                 .checksum = content->checksum},
                      .content = content->file.name()};
  std::vector<NewFile> fresh;
  fresh.push_back(std::move(content->file));
  auto changed =
      co_await state->Apply(std::move(fresh), [=](store::Transaction& tx) -> Result<Changed> {
        if (auto ok = CheckCondition(tx, name, condition); !ok) return Fail(ok.error());
        auto added =
            rows::AddFile(tx, row.content, 0, {.name = row.content, .bytes = row.object.bytes});
        if (!added) return Fail(added.error());
        return state->ReplaceIn(tx, origin, "ObjectCreated:PutObject", name, row);
      });
  if (!changed) co_return Fail(changed.error());
  co_return std::move(changed->object);
}

Task<Result<std::unique_ptr<OpenObject>>> ObjectStore::Open(ObjectName name) {
  State* state = state_.get();
  using Found = std::pair<rows::ObjectRow, std::vector<rows::File>>;
  auto ticket = state->gate.Enter();
  auto found =
      co_await state->use.database.Reading<Found>([&name](store::Reader& reader) -> Result<Found> {
        auto row = rows::NeedObject(reader, name);
        if (!row) return Fail(row.error());
        auto files = rows::FilesOf(reader, row->content);
        if (!files) return Fail(files.error());
        return Found(std::move(*row), std::move(*files));
      });
  if (!found) co_return Fail(found.error());
  ticket.Bind(found->first.content);
  co_return std::make_unique<OpenFiles>(OpenContent{.row = std::move(found->first),
                                                    .files = std::move(found->second),
                                                    .ticket = std::move(ticket)},
                                        state->files, state->use.pool, state->config.piece_bytes);
}

Task<Result<Object>> ObjectStore::Find(ObjectName name) {
  auto row = co_await state_->use.database.Reading<rows::ObjectRow>(
      [name = std::move(name)](store::Reader& r) { return rows::NeedObject(r, name); });
  if (!row) co_return Fail(row.error());
  co_return std::move(row->object);
}

Task<Result<std::string>> ObjectStore::Load(ObjectName name, std::size_t limit) {
  auto open = co_await Open(std::move(name));
  if (!open) co_return Fail(open.error());
  const auto body = (*open)->Read(0, (*open)->object().bytes);
  co_return co_await net::ReadAll(*body, limit);
}

Task<Result<Object>> ObjectStore::Copy(Origin origin, std::unique_ptr<OpenObject> from,
                                       ObjectName to, std::optional<Attributes> attributes) {
  State* state = state_.get();
  if (auto good = CheckKey(to.key); !good) co_return Fail(good.error());
  rows::ObjectRow row{.object = from->object(), .content = MakeFileName(state->use.random)};
  row.object.key = to.key;
  row.object.modified = state->use.clock.WallNow();
  if (attributes) row.object.attributes = std::move(*attributes);

  // Only Open makes OpenObjects.
  std::vector<rows::File> files = static_cast<const OpenFiles&>(*from).files();
  std::vector<NewFile> fresh;
  auto linked = co_await state->use.pool.Run([&]() -> Result<void> {
    for (rows::File& file : files) {
      auto made = state->files.Duplicate(file.name, MakeFileName(state->use.random));
      if (!made) return Fail(made.error());
      file.name = made->name();
      fresh.push_back(std::move(*made));
    }
    return {};
  });
  if (!linked) co_return Fail(linked.error());
  auto changed =
      co_await state->Apply(std::move(fresh), [=](store::Transaction& tx) -> Result<Changed> {
        for (std::size_t i = 0; i < files.size(); ++i) {
          auto added = rows::AddFile(tx, row.content, static_cast<int>(i), files[i]);
          if (!added) return Fail(added.error());
        }
        return state->ReplaceIn(tx, origin, "ObjectCreated:CopyObject", to, row);
      });
  if (!changed) co_return Fail(changed.error());
  co_return std::move(changed->object);
}

Task<Result<void>> ObjectStore::Delete(Origin origin, ObjectName name) {
  State* state = state_.get();
  auto changed = co_await state->Apply({}, [=](store::Transaction& tx) -> Result<Changed> {
    if (auto bucket = rows::NeedBucket(tx, name.in()); !bucket) return Fail(bucket.error());
    Changed out;
    auto removed = state->RemoveIn(tx, origin, "ObjectRemoved:DeleteObject", name, out);
    if (!removed) return Fail(removed.error());
    return out;
  });
  if (!changed) co_return Fail(changed.error());
  co_return Result<void>{};
}

Task<Result<void>> ObjectStore::DeleteMany(Origin origin, BucketName bucket,
                                           std::vector<std::string> keys) {
  State* state = state_.get();
  auto changed = co_await state->Apply({}, [=](store::Transaction& tx) -> Result<Changed> {
    if (auto there = rows::NeedBucket(tx, bucket); !there) return Fail(there.error());
    Changed out;
    for (const std::string& key : keys) {
      auto removed = state->RemoveIn(tx, origin, "ObjectRemoved:DeleteObjects",
                                     {bucket.account, bucket.bucket, key}, out);
      if (!removed) return Fail(removed.error());
    }
    return out;
  });
  if (!changed) co_return Fail(changed.error());
  co_return Result<void>{};
}

}  // namespace ebb::buckets
