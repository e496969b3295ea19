// buckets/object_store_state.h
// What ObjectStore's methods share.  Included by object_store.cc, intake.cc, objects.cc,
// listing.cc and multipart.cc only.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "buckets/object_events.h"
#include "buckets/object_files.h"
#include "buckets/object_rows.h"
#include "buckets/object_store.h"
#include "buckets/read_gate.h"

namespace ebb::buckets {

// A body that lies in a file, durable but not yet named by any row.
struct NewContent {
  NewFile file;  // Its name is also the content's id.
  Digests digests;
  std::optional<Checksum> checksum;
};

struct Retired {
  std::string content;
  std::vector<std::string> files;
};

// What a write did, for what must follow it.
struct Changed {
  Object object;
  Part part;
  std::vector<Retired> retired;
  int events = 0;
};
using ChangeJob = std::move_only_function<Result<Changed>(store::Transaction&)>;

struct ObjectStore::State {
  State(Config config, Dependencies dependencies);

  Result<void> RemoveOrphans();

  // Reads `body` to its end, in pieces, into a new file.
  Task<Result<NewContent>> TakeIn(net::Body& body, Incoming incoming);

  // The one write of a change, and what follows it: `fresh` files are kept if it succeeds, retired
  // ones removed once nobody reads them, consumers woken.  Once begun it goes to its end, also when
  // it is cancelled: the database ignores that, and nothing waits after the write.
  Task<Result<Changed>> Apply(std::vector<NewFile> fresh, ChangeJob job);

  // For ChangeJobs.  Replaces or makes the object, retires its old content and raises `event_name`.
  Result<Changed> ReplaceIn(store::Transaction& tx, const Origin& origin,
                            const std::string& event_name, const ObjectName& name,
                            const rows::ObjectRow& row);
  // Takes the object away, if it is there.
  Result<void> RemoveIn(store::Transaction& tx, const Origin& origin, const std::string& event_name,
                        const ObjectName& name, Changed& changed);
  void RemoveLater(std::vector<std::string> names);
  Result<void> RetireIn(store::Transaction& tx, const std::string& content, Changed& changed);

  const Config config;
  Dependencies use;
  ObjectFiles files;
  EventRaiser events;
  ReadGate gate;
};

// kConflict "PreconditionFailed"; kNotFound "NoSuchKey" for an If-Match on what is not there.
Result<void> CheckCondition(store::Reader& reader, const ObjectName& name,
                            const PutCondition& condition);

}  // namespace ebb::buckets
