// model/trigger.h
// What makes a function run, as plain values.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "base/clock.h"

namespace ebb::model {

enum class TriggerType { kHttp, kOss, kTimer };

// Runs on changes to the objects of one bucket.
struct OssTrigger {
  std::string bucket;
  std::vector<std::string> events;  // "oss:ObjectCreated:*", "oss:ObjectRemoved:DeleteObject", …
  std::string prefix;
  std::string suffix;
  friend bool operator==(const OssTrigger&, const OssTrigger&) = default;
};

// Runs at the times that `cron` gives: six fields with seconds, "CRON_TZ=Zone …" or "@every 4m".
struct TimerTrigger {
  std::string cron;
  bool enabled = true;
  std::string payload;
  friend bool operator==(const TimerTrigger&, const TimerTrigger&) = default;
};

enum class HttpAuth { kAnonymous, kFunction };

struct HttpTrigger {
  HttpAuth auth = HttpAuth::kFunction;
  std::vector<std::string> methods;
  friend bool operator==(const HttpTrigger&, const HttpTrigger&) = default;
};

using TriggerSource = std::variant<HttpTrigger, OssTrigger, TimerTrigger>;

struct Trigger {
  std::string account;
  std::string function;  // Name.
  std::string name;
  std::string id;
  std::string qualifier;  // "LATEST" until versions exist.
  std::string description;
  std::string source_arn;
  std::string invocation_role;
  std::string config_json;  // triggerConfig as the user gave it; returned unchanged.
  TriggerSource source;
  WallTime created;
  WallTime modified;

  TriggerType type() const { return static_cast<TriggerType>(source.index()); }
};

const char* ToString(TriggerType type);  // "http", "oss", "timer": FC's triggerType values.

}  // namespace ebb::model
