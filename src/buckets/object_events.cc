#include "buckets/object_events.h"

#include <algorithm>

#include "base/json.h"
#include "base/time_format.h"

namespace ebb::buckets {
namespace {

bool Covers(std::string_view pattern, const std::string& event_name) {
  if (!pattern.starts_with("oss:")) return false;
  pattern.remove_prefix(4);
  if (!pattern.ends_with('*')) return pattern == event_name;
  pattern.remove_suffix(1);
  return event_name.starts_with(pattern);
}

json::object ObjectMember(const ObjectEvent& event) {
  json::object user;
  for (const auto& [name, value] : event.object.attributes.user) {
    user["x-oss-meta-" + name] = value;
  }
  const auto type = event.object.attributes.headers.find("content-type");
  // OSS writes ETags in capitals here; S3 and our own answers do not.
  std::string etag = event.object.etag;
  for (char& c : etag) c = c >= 'a' && c <= 'f' ? static_cast<char>(c - 'a' + 'A') : c;
  return {{"deltaSize", event.delta_bytes},
          {"eTag", etag},
          {"key", event.object_name.key},
          {"objectMeta",
           {{"mimeType", type == event.object.attributes.headers.end() ? "application/octet-stream"
                                                                       : type->second},
            {"userMeta", std::move(user)}}},
          {"size", event.object.bytes}};
}

}  // namespace

bool Matches(const model::OssTrigger& trigger, const std::string& event_name,
             const std::string& key) {
  return key.starts_with(trigger.prefix) && key.ends_with(trigger.suffix) &&
         std::ranges::any_of(trigger.events,
                             [&](const std::string& e) { return Covers(e, event_name); });
}

std::string FormatEvent(const ObjectEvent& event, const std::string& region,
                        const std::string& trigger_id, WallTime now) {
  const auto& [account, bucket, key] = event.object_name;
  const json::object one = {
      {"eventName", event.name},
      {"eventSource", "acs:oss"},
      {"eventTime", base::FormatIsoMillis(now)},
      {"eventVersion", "1.0"},
      {"oss",
       {{"bucket",
         {{"arn", "acs:oss:" + region + ":" + account + ":" + bucket},
          {"name", bucket},
          {"ownerIdentity", account}}},
        {"object", ObjectMember(event)},
        {"ossSchemaVersion", "1.0"},
        {"ruleId", trigger_id}}},
      {"region", region},
      {"requestParameters", {{"sourceIPAddress", event.origin.source_address}}},
      {"responseElements", {{"requestId", event.origin.request_id}}},
      {"userIdentity", {{"principalId", event.origin.principal}}}};
  return json::serialize(json::object{{"events", json::array{one}}});
}

EventRaiser::EventRaiser(queue::Queue& queue, const Clock& clock, Random& random,
                         std::string region,
                         std::function<std::shared_ptr<const catalog::Snapshot>()> snapshot)
    : queue_(queue),
      clock_(clock),
      random_(random),
      region_(std::move(region)),
      snapshot_(std::move(snapshot)) {}

Result<int> EventRaiser::RaiseIn(store::Transaction& tx, const ObjectEvent& event) {
  const auto snapshot = snapshot_();
  const auto& name = event.object_name;
  const auto triggers = snapshot->oss_triggers.find({name.account, name.bucket});
  if (triggers == snapshot->oss_triggers.end()) return 0;
  int raised = 0;
  for (const auto& trigger : triggers->second) {
    if (!Matches(std::get<model::OssTrigger>(trigger->source), event.name, name.key)) continue;
    const WallTime now = clock_.WallNow();
    const model::Message message{.request_id = MakeRequestId(clock_, random_),
                                 .account = trigger->account,
                                 .function = trigger->function,
                                 .qualifier = trigger->qualifier,
                                 .trigger = trigger->name,
                                 .key = trigger->id + "/" + event.sequencer,
                                 .payload = FormatEvent(event, region_, trigger->id, now),
                                 .enqueued = now};
    if (auto enqueued = queue_.EnqueueIn(tx, message); !enqueued) return Fail(enqueued.error());
    ++raised;
  }
  return raised;
}

}  // namespace ebb::buckets
