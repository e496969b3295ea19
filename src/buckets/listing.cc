// ObjectStore::List: keys in order, those below a delimiter rolled up.
#include <algorithm>

#include "buckets/key_order.h"
#include "buckets/object_store_state.h"

namespace ebb::buckets {
namespace {

// Where in the order of keys to go on.
struct Position {
  std::string key;
  enum class Edge { kFrom, kAfter } edge = Edge::kFrom;
};

Result<std::vector<store::Row>> RowsFrom(store::Reader& reader, const BucketName& name,
                                         const Position& position, std::size_t limit) {
  const std::string sql = std::string(
                              "SELECT key, bytes, etag, modified_ms FROM objects "
                              "WHERE account = ? AND bucket = ? AND key ") +
                          (position.edge == Position::Edge::kFrom ? ">=" : ">") +
                          " ? ORDER BY key LIMIT ?";
  return reader.Query(sql,
                      {name.account, name.bucket, position.key, static_cast<std::int64_t>(limit)});
}

class Lister {
 public:
  Lister(store::Reader& reader, BucketName name, ListOptions options)
      : reader_(reader), name_(std::move(name)), options_(std::move(options)) {}

  Result<Listing> Run() {
    if (auto bucket = rows::NeedBucket(reader_, name_); !bucket) return Fail(bucket.error());
    if (options_.limit <= 0) return listing_;
    auto next = Begin();
    while (next) {
      auto after_batch = ListBatch(*next);
      if (!after_batch) return Fail(after_batch.error());
      next = std::move(*after_batch);
    }
    return std::move(listing_);
  }

 private:
  std::optional<Position> Begin() const {
    const std::string& after = options_.after;
    if (after < options_.prefix || after.empty()) return Position{.key = options_.prefix};
    // A page that ended with a common prefix goes on behind everything below it.
    if (CommonPrefixOf(after, options_.prefix, options_.delimiter) == after) {
      return BehindPrefix(after);
    }
    return Position{.key = after, .edge = Position::Edge::kAfter};
  }

  static std::optional<Position> BehindPrefix(const std::string& prefix) {
    auto key = FirstKeyBehind(prefix);
    if (!key) return std::nullopt;
    return Position{.key = std::move(*key)};
  }

  // Lists what one query gives, until a common prefix lets it jump.  Returns where to go on.
  Result<std::optional<Position>> ListBatch(const Position& from) {
    // With a delimiter most of a batch may lie below one prefix and be read for nothing.
    const std::size_t limit =
        options_.delimiter.empty() ? static_cast<std::size_t>(options_.limit) + 1 : 100;
    auto rows = RowsFrom(reader_, name_, from, limit);
    if (!rows) return Fail(rows.error());
    for (const store::Row& row : *rows) {
      const std::string& key = row.Text(0);
      if (!key.starts_with(options_.prefix)) return std::nullopt;
      if (count_ == options_.limit) {
        listing_.truncated = true;
        listing_.next = last_;
        return std::nullopt;
      }
      ++count_;
      if (auto common = CommonPrefixOf(key, options_.prefix, options_.delimiter)) {
        last_ = *common;
        listing_.common_prefixes.push_back(*common);
        return BehindPrefix(*common);
      }
      last_ = key;
      listing_.objects.push_back({.key = key,
                                  .bytes = static_cast<std::uint64_t>(row.Int(1)),
                                  .etag = row.Text(2),
                                  .modified = FromUnixMillis(row.Int(3)),
                                  .parts = 0,
                                  .attributes = {},
                                  .checksum = {}});
    }
    if (rows->size() < limit) return std::nullopt;
    return Position{.key = last_, .edge = Position::Edge::kAfter};
  }

  store::Reader& reader_;
  const BucketName name_;
  const ListOptions options_;
  Listing listing_;
  int count_ = 0;     // Objects and common prefixes so far.
  std::string last_;  // The last of them.
};

}  // namespace

Task<Result<Listing>> ObjectStore::List(BucketName bucket, ListOptions options) {
  co_return co_await state_->use.database.Reading<Listing>(
      [bucket = std::move(bucket), options = std::move(options)](store::Reader& reader) {
        return Lister(reader, bucket, options).Run();
      });
}

}  // namespace ebb::buckets
