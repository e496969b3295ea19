// model/trigger_config.h
// FC's triggerConfig, a JSON string, to and from the sources of triggers.
//
//   http   {"authType":"anonymous","methods":["GET","POST"]}
//   oss    {"events":["oss:ObjectCreated:*"],"filter":{"key":{"prefix":"in/","suffix":".jpg"}}}
//   timer  {"cronExpression":"@every 4m","enable":true,"payload":"…"}
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "model/trigger.h"

namespace ebb::model {

// `type` is FC's triggerType.  `source_arn` is needed for oss alone
// ("acs:oss:region:account:bucket"; only the bucket counts: a trigger sees its own account's
// buckets, whatever the ARN says). kInvalid, code "InvalidArgument", naming the field, the value
// and what is allowed.  A field that Ebb does not have is refused too: ignoring it would promise
// what does not happen.
Result<TriggerSource> ParseTriggerConfig(std::string_view type, std::string_view config_json,
                                         std::string_view source_arn);

// The triggerConfig that ParseTriggerConfig reads back as `source`.
std::string FormatTriggerConfig(const TriggerSource& source);

// Which objects and events an oss trigger wants.  `event` is an exact name:
// "oss:ObjectCreated:PutObject".
bool Wants(const OssTrigger& trigger, std::string_view event, std::string_view key);

// True if some event on some object would run both.
bool Overlap(const OssTrigger& a, const OssTrigger& b);

}  // namespace ebb::model
