#include "model/trigger_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>

#include "base/encoding.h"
#include "base/json.h"
#include "model/cron.h"
#include "model/function_rules.h"

namespace ebb::model {
namespace {

using Names = std::initializer_list<std::string_view>;

constexpr Names kMethods = {"GET", "POST", "PUT", "DELETE", "HEAD", "PATCH", "OPTIONS"};
// What FC documents for its oss trigger, and the wildcard of each class.
constexpr Names kOssEvents = {
    "oss:ObjectCreated:*",
    "oss:ObjectCreated:PutObject",
    "oss:ObjectCreated:PostObject",
    "oss:ObjectCreated:CopyObject",
    "oss:ObjectCreated:InitiateMultipartUpload",
    "oss:ObjectCreated:UploadPart",
    "oss:ObjectCreated:UploadPartCopy",
    "oss:ObjectCreated:CompleteMultipartUpload",
    "oss:ObjectCreated:PutSymlink",
    "oss:ObjectCreated:AppendObject",
    "oss:ObjectRemoved:*",
    "oss:ObjectRemoved:DeleteObject",
    "oss:ObjectRemoved:DeleteObjects",
    "oss:ObjectRemoved:AbortMultipartUpload",
    "oss:ObjectModified:*",
    "oss:ObjectModified:UpdateObjectMeta",
    "oss:ObjectReplication:*",
};
constexpr std::size_t kMaxTimerPayload = 128 * 1024;  // FC's.
constexpr std::size_t kMaxKey = 1023;                 // Of an object's name, in bytes: OSS's.

std::unexpected<Error> Refuse(std::string message) {
  return Fail(InvalidArgument("triggerConfig: " + std::move(message)));
}

bool Contains(Names names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

std::string Joined(Names names) {
  std::string out;
  for (const auto name : names) out.append(out.empty() ? "" : ", ").append(name);
  return out;
}

// base::json's errors name the member; this says where it is and gives FC's code.
template <typename T>
Result<T> Member(Result<T> read) {
  if (!read) return Refuse(read.error().message());
  return read;
}

Result<void> OnlyMembers(const json::object& object, Names known, std::string_view where) {
  for (const auto& [name, value] : object) {
    if (Contains(known, name) || value.is_null()) continue;
    return Refuse(fmt::format("{}{} is not supported: use {}", where, Quoted(name), Joined(known)));
  }
  return {};
}

Result<std::vector<std::string>> Strings(const json::object& object, std::string_view name,
                                         Names allowed) {
  auto array = Member(json::Array(object, name));
  if (!array) return Fail(array.error());
  std::vector<std::string> out;
  if (*array == nullptr) return out;
  for (const auto& item : **array) {
    const std::string_view text = item.is_string() ? std::string_view(item.get_string()) : "";
    if (!Contains(allowed, text)) {
      return Refuse(fmt::format("{} in {} is not supported: use {}",
                                item.is_string() ? Quoted(text) : json::serialize(item), name,
                                Joined(allowed)));
    }
    if (std::ranges::find(out, text) == out.end()) out.emplace_back(text);
  }
  return out;
}

Result<TriggerSource> ParseHttp(const json::object& config) {
  if (auto ok = OnlyMembers(config, {"authType", "methods", "disableURLInternet"}, ""); !ok)
    return Fail(ok.error());
  const auto auth = Member(json::String(config, "authType"));
  if (!auth) return Fail(auth.error());
  const auto methods = Strings(config, "methods", kMethods);
  if (!methods) return Fail(methods.error());
  const auto disabled = Member(json::Boolean(config, "disableURLInternet"));
  if (!disabled) return Fail(disabled.error());
  if (disabled->value_or(false)) {
    return Refuse("disableURLInternet true is not supported: there is no second, internal address");
  }
  HttpTrigger trigger;
  const std::string type = auth->value_or("function");
  if (type == "anonymous") {
    trigger.auth = HttpAuth::kAnonymous;
  } else if (type == "function") {
    trigger.auth = HttpAuth::kFunction;
  } else {
    return Refuse(
        fmt::format("authType {} is not supported: use anonymous or function", Quoted(type)));
  }
  trigger.methods = *methods;
  if (trigger.methods.empty()) trigger.methods.assign(kMethods.begin(), kMethods.end());
  return trigger;
}

// One end of an object's name that a trigger filters by.
Result<std::string> KeyEnd(const json::object* key, std::string_view name) {
  if (key == nullptr) return "";
  auto text = Member(json::String(*key, name));
  if (!text) return Fail(text.error());
  std::string value = text->value_or("");
  if (value.size() > kMaxKey || value.find('\0') != std::string::npos) {
    return Refuse(fmt::format("filter.key.{} {} is not allowed: use up to {} bytes without NUL",
                              name, Quoted(value), kMaxKey));
  }
  return value;
}

Result<std::string> BucketOf(std::string_view arn) {
  std::string_view rest = arn;
  for (const std::string_view part : {"acs", "oss", "", ""}) {
    const std::size_t colon = rest.find(':');
    if (colon == std::string_view::npos || (!part.empty() && rest.substr(0, colon) != part)) {
      rest = {};
      break;
    }
    rest.remove_prefix(colon + 1);
  }
  const bool plain = std::ranges::all_of(rest, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
  });
  if (rest.size() >= 3 && rest.size() <= 63 && plain) return std::string(rest);
  return Fail(InvalidArgument(fmt::format(
      "sourceArn {} is not allowed: an oss trigger needs acs:oss:<region>:<account>:<bucket>",
      Quoted(arn))));
}

Result<TriggerSource> ParseOss(const json::object& config, std::string_view source_arn) {
  OssTrigger trigger;
  auto bucket = BucketOf(source_arn);
  if (!bucket) return Fail(bucket.error());
  trigger.bucket = *std::move(bucket);
  if (auto ok = OnlyMembers(config, {"events", "filter"}, ""); !ok) return Fail(ok.error());
  auto events = Strings(config, "events", kOssEvents);
  if (!events) return Fail(events.error());
  if (events->empty()) return Refuse("events is missing: use " + Joined(kOssEvents));
  trigger.events = *std::move(events);

  const auto filter = Member(json::Object(config, "filter"));
  if (!filter) return Fail(filter.error());
  if (*filter == nullptr) return trigger;
  if (auto ok = OnlyMembers(**filter, {"key"}, "filter: "); !ok) return Fail(ok.error());
  const auto key = Member(json::Object(**filter, "key"));
  if (!key) return Fail(key.error());
  if (*key != nullptr) {
    if (auto ok = OnlyMembers(**key, {"prefix", "suffix"}, "filter.key: "); !ok)
      return Fail(ok.error());
  }
  auto prefix = KeyEnd(*key, "prefix");
  if (!prefix) return Fail(prefix.error());
  auto suffix = KeyEnd(*key, "suffix");
  if (!suffix) return Fail(suffix.error());
  trigger.prefix = *std::move(prefix);
  trigger.suffix = *std::move(suffix);
  return trigger;
}

Result<TriggerSource> ParseTimer(const json::object& config) {
  if (auto ok = OnlyMembers(config, {"cronExpression", "enable", "payload"}, ""); !ok)
    return Fail(ok.error());
  const auto cron = Member(json::String(config, "cronExpression"));
  if (!cron) return Fail(cron.error());
  if (!*cron)
    return Refuse("cronExpression is missing: for example \"0 30 8 * * *\" or \"@every 4m\"");
  const auto schedule = ParseCron(**cron);
  if (!schedule) return Refuse("cronExpression: " + schedule.error().message());
  const auto enable = Member(json::Boolean(config, "enable"));
  if (!enable) return Fail(enable.error());
  const auto payload = Member(json::String(config, "payload"));
  if (!payload) return Fail(payload.error());
  TimerTrigger trigger{**cron, enable->value_or(true), payload->value_or("")};
  if (trigger.payload.size() > kMaxTimerPayload) {
    return Refuse(fmt::format("payload has {} bytes: at most {} are allowed",
                              trigger.payload.size(), kMaxTimerPayload));
  }
  return trigger;
}

json::array ArrayOf(const std::vector<std::string>& strings) {
  return json::array(strings.begin(), strings.end());
}

json::object ToJson(const HttpTrigger& trigger) {
  return {{"authType", trigger.auth == HttpAuth::kAnonymous ? "anonymous" : "function"},
          {"methods", ArrayOf(trigger.methods)}};
}

json::object ToJson(const OssTrigger& trigger) {
  json::object key{{"prefix", trigger.prefix}, {"suffix", trigger.suffix}};
  return {{"events", ArrayOf(trigger.events)}, {"filter", json::object{{"key", std::move(key)}}}};
}

json::object ToJson(const TimerTrigger& trigger) {
  return {
      {"cronExpression", trigger.cron}, {"enable", trigger.enabled}, {"payload", trigger.payload}};
}

// Either may be the wildcard of a class: "oss:ObjectCreated:*".
bool EventsMeet(std::string_view a, std::string_view b) {
  if (a.ends_with('*')) return b.starts_with(a.substr(0, a.size() - 1));
  if (b.ends_with('*')) return a.starts_with(b.substr(0, b.size() - 1));
  return a == b;
}

bool OneStartsWithTheOther(std::string_view a, std::string_view b) {
  return a.starts_with(b) || b.starts_with(a);
}

bool OneEndsWithTheOther(std::string_view a, std::string_view b) {
  return a.ends_with(b) || b.ends_with(a);
}

}  // namespace

Result<TriggerSource> ParseTriggerConfig(std::string_view type, std::string_view config_json,
                                         std::string_view source_arn) {
  if (type != "http" && type != "oss" && type != "timer") {
    return Fail(InvalidArgument(
        fmt::format("triggerType {} is not supported: use http, oss or timer", Quoted(type))));
  }
  const auto config = Member(json::ParseObject(config_json));
  if (!config) return Fail(config.error());
  if (type == "http") return ParseHttp(*config);
  if (type == "oss") return ParseOss(*config, source_arn);
  return ParseTimer(*config);
}

std::string FormatTriggerConfig(const TriggerSource& source) {
  return json::serialize(std::visit([](const auto& trigger) { return ToJson(trigger); }, source));
}

bool Wants(const OssTrigger& trigger, std::string_view event, std::string_view key) {
  // The two ends may share characters, as in S3: "ab" has the prefix "ab" and the suffix "b".
  return key.starts_with(trigger.prefix) && key.ends_with(trigger.suffix) &&
         std::ranges::any_of(trigger.events,
                             [&](const auto& wanted) { return EventsMeet(wanted, event); });
}

bool Overlap(const OssTrigger& a, const OssTrigger& b) {
  if (a.bucket != b.bucket || !OneStartsWithTheOther(a.prefix, b.prefix) ||
      !OneEndsWithTheOther(a.suffix, b.suffix)) {
    return false;
  }
  return std::ranges::any_of(a.events, [&](const auto& event) {
    return std::ranges::any_of(b.events,
                               [&](const auto& other) { return EventsMeet(event, other); });
  });
}

}  // namespace ebb::model
