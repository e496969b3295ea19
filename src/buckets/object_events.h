// buckets/object_events.h
// From a change to an object to the queue: which oss triggers it matches, and the event that their
// functions get, in OSS's own form.
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/random.h"
#include "buckets/object.h"
#include "catalog/catalog.h"
#include "model/trigger.h"
#include "queue/queue.h"
#include "store/database.h"

namespace ebb::buckets {

struct ObjectEvent {
  std::string name;       // "ObjectCreated:PutObject"
  std::string sequencer;  // Unique to this change: what makes the event's key its own.
  ObjectName object_name;
  Object object;  // As it is now; for a deletion, as it was.
  std::int64_t delta_bytes = 0;
  Origin origin;
};

// True if `trigger` asks for `event_name` ("oss:ObjectCreated:*" covers every creation) and its
// prefix and suffix fit `key`.
bool Matches(const model::OssTrigger& trigger, const std::string& event_name,
             const std::string& key);

std::string FormatEvent(const ObjectEvent& event, const std::string& region,
                        const std::string& trigger_id, WallTime now);

// Puts one message a matching trigger into the queue, in the transaction that makes the change.
// Any thread.
class EventRaiser {
 public:
  EventRaiser(queue::Queue& queue, const Clock& clock, Random& random, std::string region,
              std::function<std::shared_ptr<const catalog::Snapshot>()> snapshot);

  Result<int> RaiseIn(store::Transaction& tx, const ObjectEvent& event);  // How many.

 private:
  queue::Queue& queue_;
  const Clock& clock_;
  Random& random_;
  std::string region_;
  std::function<std::shared_ptr<const catalog::Snapshot>()> snapshot_;
};

}  // namespace ebb::buckets
