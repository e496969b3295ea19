#include "cli/trigger_text.h"

#include "cli/answers.h"

namespace ebb::cli {
namespace {

std::string DescribeOss(const json::object& trigger, const json::object& config) {
  std::string text = TextAt(trigger, "sourceArn");
  text = text.substr(text.rfind(':') + 1);  // acs:oss:<region>:<account>:<bucket>
  const json::object key = ObjectAt(ObjectAt(config, "filter"), "key");
  text += "/" + TextAt(key, "prefix") + "*" + TextAt(key, "suffix");
  for (const json::value& event : ArrayAt(config, "events")) {
    if (event.is_string()) text += " " + std::string(event.get_string());
  }
  return text;
}

}  // namespace

std::string DescribeTrigger(const json::object& trigger) {
  const std::string type = TextAt(trigger, "triggerType");
  if (type == "http") {
    std::string url = TextAt(ObjectAt(trigger, "httpTrigger"), "urlInternet");
    while (url.ends_with('/')) url.pop_back();
    return url;
  }
  const json::object config =
      json::ParseObject(TextAt(trigger, "triggerConfig")).value_or(json::object());
  if (type == "oss") return DescribeOss(trigger, config);
  if (type == "timer") {
    const json::value* enable = config.if_contains("enable");
    const bool off = enable != nullptr && enable->is_bool() && !enable->get_bool();
    return TextAt(config, "cronExpression") + (off ? " (off)" : "");
  }
  return "";
}

}  // namespace ebb::cli
