#include "cli/difference.h"

#include <algorithm>

#include "cli/answers.h"

namespace ebb::cli {
namespace {

// Whether the layers of a file, by ARN or as name:version, are those of a function in the API's
// form.
bool SameLayers(const json::array& wanted, const json::array& present) {
  return std::ranges::equal(wanted, present, [](const json::value& w, const json::value& p) {
    if (!w.is_string() || !p.is_object()) return false;
    const std::string arn = TextAt(p.get_object(), "arn");
    std::string name(w.get_string());
    if (std::ranges::count(name, ':') != 1) return name == arn;
    name.replace(name.find(':'), 1, "/versions/");
    return arn.ends_with(":layers/" + name);
  });
}

// The server replaces customDNS as a whole, so what the file does not mention differs, too.
bool SameDns(const json::object& wanted, const json::object& present) {
  const auto list = [](const json::object& from, const char* name) {
    const json::value* value = from.if_contains(name);
    return value != nullptr && value->is_array() ? value->get_array() : json::array();
  };
  for (const char* texts : {"nameServers", "searches"}) {
    if (list(wanted, texts) != list(present, texts)) return false;
  }
  // A value that is empty is one that is not there.
  return std::ranges::equal(
      list(wanted, "dnsOptions"), list(present, "dnsOptions"),
      [](const json::value& w, const json::value& p) {
        return w.is_object() && p.is_object() &&
               TextAt(w.get_object(), "name") == TextAt(p.get_object(), "name") &&
               TextAt(w.get_object(), "value") == TextAt(p.get_object(), "value");
      });
}

bool Same(const std::string& field, const json::value& wanted, const json::value* present) {
  if (present == nullptr || present->is_null()) {
    if (field == "customDNS" && wanted.is_object()) return SameDns(wanted.get_object(), {});
    return (wanted.is_string() && wanted.get_string().empty()) ||
           (wanted.is_object() && wanted.get_object().empty());
  }
  if (wanted.is_number() && present->is_number()) {
    return wanted.to_number<double>() == present->to_number<double>();
  }
  if (field == "triggerConfig" && wanted.is_string() && present->is_string()) {
    auto a = json::ParseObject(wanted.get_string());
    auto b = json::ParseObject(present->get_string());
    return a && b && Compare(*a, *b).empty();
  }
  // Used for the pull alone: the server does not keep these.
  if (field == "registryConfig" || field == "acrInstanceId" || field == "accelerationType" ||
      field == "resolvedImageUri") {
    return true;
  }
  if (field == "layers" && wanted.is_array() && present->is_array()) {
    return SameLayers(wanted.get_array(), present->get_array());
  }
  if (field == "customDNS" && wanted.is_object() && present->is_object()) {
    return SameDns(wanted.get_object(), present->get_object());
  }
  // An empty one takes the check away.
  if (field == "healthCheckConfig" && wanted.is_object() && wanted.get_object().empty()) {
    return present->is_object() && present->get_object().empty();
  }
  if (field != "environmentVariables" && wanted.is_object() && present->is_object()) {
    return Compare(wanted.get_object(), present->get_object()).empty();
  }
  return wanted == *present;
}

std::string Describe(const std::string& field, const json::value& wanted,
                     const json::object& present) {
  if (wanted.is_structured() || field == "triggerConfig") return field;
  const std::string before = TextAt(present, field);
  const std::string after = wanted.is_string() ? std::string(wanted.get_string())
                                               : TextAt(json::object{{field, wanted}}, field);
  return field + " " + (before.empty() ? "(none)" : before) + " → " +
         (after.empty() ? "(none)" : after);
}

}  // namespace

std::vector<Difference> Compare(const json::object& wanted, const json::object& present) {
  std::vector<Difference> out;
  for (const auto& [key, value] : wanted) {
    const std::string field = key;
    if (Same(field, value, present.if_contains(field))) continue;
    out.push_back({field, Describe(field, value, present)});
  }
  return out;
}

}  // namespace ebb::cli
