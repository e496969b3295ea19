// buckets/object_store.h
// Buckets and objects: durable, whole or not at all, with the events that they raise.
//
// An object's bytes lie in files with random names; its row names them and alone makes it visible.
// A put writes and fsyncs the files first; then ONE database write replaces the row and enqueues an
// event for every oss trigger that matches.  So at whatever moment the machine stops, an object is
// the old one or the new one, and its events are there exactly if it is.  Files that no row names
// are removed at the next start.
//
// Borrows everything that the constructor is given.  Lives on one io_context; files are read and
// written on the blocking pool.  Knows no HTTP: see s3_door.h.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "base/random.h"
#include "buckets/object.h"
#include "catalog/catalog.h"
#include "net/blocking_pool.h"
#include "net/http.h"
#include "queue/queue.h"
#include "store/database.h"

namespace ebb::buckets {

store::Migration Tables();

struct Config {
  base::Path folder;             // <data>/objects; made if it is not there.
  std::string region = "local";  // In events.
  // S3's limits.
  std::uint64_t max_put_bytes = 5ull << 30;   // Of one put or part.
  std::uint64_t min_part_bytes = 5ull << 20;  // Of every part but the last.
  std::uint64_t max_object_bytes = 5ull << 40;
  // Changes performance: how much of a body is held in memory.
  std::size_t piece_bytes = 512 << 10;
  // Called before each step that can fail ("create folder", "create", "write", "fsync",
  // "fsync folder", "link", "commit"); an error it returns is that step's.  For tests.
  std::function<Result<void>(std::string_view step)> before_step_for_test;
};

struct Dependencies {
  store::Database& database;
  queue::Queue& queue;
  net::BlockingPool& pool;
  const Clock& clock;
  Random& random;
  std::function<std::shared_ptr<const catalog::Snapshot>()> snapshot;  // Any thread.
};

// An object that is being read: goes on to be readable when it is replaced or deleted meanwhile.
class OpenObject {
 public:
  virtual ~OpenObject() = default;
  virtual const Object& object() const = 0;
  // Bytes [offset, offset + count) of it.  The body may outlive this.
  virtual std::unique_ptr<net::Body> Read(std::uint64_t offset, std::uint64_t count) = 0;
};

// How a body is to be taken in.
struct Incoming {
  DigestsWanted wanted;
  // Called once the last byte has been read and before anything becomes visible, with the digests
  // that were wanted.  On a thread of the blocking pool, while the put waits.  Its error is the
  // put's; its value is kept with the object.
  std::function<Result<std::optional<Checksum>>(const Digests&)> check;
};

// A condition on what is there under the key when the write happens.
struct PutCondition {
  bool if_absent = false;              // If-None-Match: *
  std::optional<std::string> if_etag;  // If-Match
};

class ObjectStore {
 public:
  // Makes the folder and removes the files that no row names.  Blocks; for start-up.
  static Result<std::unique_ptr<ObjectStore>> Open(Config config, Dependencies dependencies);
  ~ObjectStore();

  // Errors of everything below carry S3's code: kNotFound "NoSuchBucket", "NoSuchKey",
  // "NoSuchUpload"; kInvalid "InvalidArgument" and others; kUnavailable "InsufficientStorage" when
  // the disk is full, "InternalError" for other disk trouble.

  // --- Buckets.
  // kInvalid "InvalidBucketName"; kConflict "BucketAlreadyOwnedByYou".
  Task<Result<void>> CreateBucket(BucketName name);
  Task<Result<Bucket>> FindBucket(BucketName name);
  Task<Result<std::vector<Bucket>>> ListBuckets(std::string account);
  Task<Result<void>> DeleteBucket(BucketName name);  // kConflict "BucketNotEmpty".

  // --- Objects.
  // Reads `body` to its end.  kInvalid "EntityTooLarge"; kConflict "PreconditionFailed".
  Task<Result<Object>> Put(Origin origin, ObjectName name, Attributes attributes,
                           PutCondition condition, Incoming incoming, net::Body& body);
  Task<Result<std::unique_ptr<OpenObject>>> Open(ObjectName name);
  Task<Result<Object>> Find(ObjectName name);
  // The whole of a small object, such as a code package.  kInvalid "EntityTooLarge" beyond `limit`.
  Task<Result<std::string>> Load(ObjectName name, std::size_t limit);
  // Makes `to` an object with the bytes of `from`, with `attributes` or else those of `from`.
  Task<Result<Object>> Copy(Origin origin, std::unique_ptr<OpenObject> from, ObjectName to,
                            std::optional<Attributes> attributes);
  // Deleting what is not there is fine.
  Task<Result<void>> Delete(Origin origin, ObjectName name);
  Task<Result<void>> DeleteMany(Origin origin, BucketName bucket, std::vector<std::string> keys);
  Task<Result<Listing>> List(BucketName bucket, ListOptions options);

  // --- Multipart.
  Task<Result<Upload>> CreateUpload(ObjectName name, Attributes attributes,
                                    std::optional<ChecksumKind> checksum, ChecksumScope scope);
  // A part put again replaces the one before.
  Task<Result<Part>> PutPart(ObjectName name, std::string upload, int number, Incoming incoming,
                             net::Body& body);
  Task<Result<Upload>> FindUpload(ObjectName name, std::string upload);
  Task<Result<PartListing>> ListParts(ObjectName name, std::string upload, int after, int limit);
  Task<Result<UploadListing>> ListUploads(BucketName bucket, UploadListOptions options);
  // kInvalid "InvalidPart", "InvalidPartOrder", "EntityTooSmall", "BadDigest", "InvalidRequest";
  // kConflict "PreconditionFailed".
  Task<Result<Object>> CompleteUpload(Origin origin, ObjectName name, std::string upload,
                                      Completion completion, PutCondition condition);
  Task<Result<void>> AbortUpload(ObjectName name, std::string upload);

 private:
  struct State;
  explicit ObjectStore(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace ebb::buckets
