#include "api/fc/dns_input.h"

#include "api/fc/function_json.h"
#include "api/operation.h"
#include "egress/reachable.h"

namespace ebb::api {
namespace {

constexpr std::string_view kWhere = "customDNS.";

Result<model::DnsOption> ParseOption(const json::value& value) {
  if (!value.is_object()) return Refuse("customDNS.dnsOptions must hold objects");
  const json::object& from = value.get_object();
  for (const auto& [member, said] : from) {
    if (member == "name" || member == "value" || SaysNothing(said)) continue;
    return Refuse("customDNS.dnsOptions: " + std::string(member) + " is not supported");
  }
  auto name = json::String(from, "name");
  if (!name) return Refuse("customDNS.dnsOptions: " + name.error().message());
  auto text = json::String(from, "value");
  if (!text) return Refuse("customDNS.dnsOptions: " + text.error().message());
  return model::DnsOption{name->value_or(""), text->value_or("")};
}

}  // namespace

Result<void> ApplyDns(const json::object& input, model::FunctionConfig& config) {
  auto from = json::Object(input, "customDNS");
  if (!from) return Refuse(from.error().message());
  if (*from == nullptr) return {};
  for (const auto& [name, value] : **from) {
    if (name == "nameServers" || name == "searches" || name == "dnsOptions") continue;
    if (SaysNothing(value)) continue;
    return Refuse("customDNS." + std::string(name) + " is not supported");
  }
  model::CustomDns dns;
  auto servers = TakeTexts(**from, "nameServers", kWhere);
  if (!servers) return Fail(servers.error());
  auto searches = TakeTexts(**from, "searches", kWhere);
  if (!searches) return Fail(searches.error());
  auto options = json::Array(**from, "dnsOptions");
  if (!options) return Refuse("customDNS." + options.error().message());
  if (*options != nullptr) {
    for (const json::value& one : **options) {
      auto option = ParseOption(one);
      if (!option) return Fail(option.error());
      dns.options.push_back(*std::move(option));
    }
  }
  dns.name_servers = *std::move(servers);
  dns.searches = *std::move(searches);
  config.dns = std::move(dns);
  return {};
}

Result<void> CheckReachable(const model::CustomDns& dns,
                            const std::vector<egress::Opening>& openings) {
  for (const std::string& server : dns.name_servers) {
    auto reachable = egress::CheckNameServer(server, openings);
    if (!reachable) return Refuse("customDNS.nameServers: " + reachable.error().message());
  }
  return {};
}

json::object FormatDns(const model::CustomDns& dns) {
  json::object out;
  if (!dns.name_servers.empty()) out["nameServers"] = Texts(dns.name_servers);
  if (!dns.searches.empty()) out["searches"] = Texts(dns.searches);
  json::array options;
  for (const auto& [name, value] : dns.options) {
    json::object option{{"name", name}};
    if (!value.empty()) option["value"] = value;
    options.push_back(std::move(option));
  }
  if (!options.empty()) out["dnsOptions"] = std::move(options);
  return out;
}

}  // namespace ebb::api
