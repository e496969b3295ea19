#include "model/dns_rules.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "model/function_rules.h"

namespace ebb::model {
namespace {

// What every libc takes: glibc asks no fourth server, and before 2.26 it knew no seventh search
// domain and no 257th character of them; musl's limit is that of characters.
constexpr std::size_t kMaxNameServers = 3;
constexpr std::size_t kMaxSearches = 6;
constexpr std::size_t kMaxSearchBytes = 256;
constexpr std::size_t kMaxLabel = 63;    // RFC 1035, 2.3.4.
constexpr std::size_t kMaxDomain = 253;  // The same, as text.

std::unexpected<Error> Refuse(std::string message) {
  return Fail(InvalidArgument(std::move(message)));
}

// Those of resolv.conf(5).  libc ignores what it does not know, so that an error would not show.
struct KnownOption {
  std::string_view name;
  int most = -1;  // Its value is a whole number up to this; -1: it has none.
  int least = 0;
};
constexpr KnownOption kOptions[] = {
    {"ndots", 15},      {"timeout", 30, 1}, {"attempts", 5, 1}, {"rotate"},
    {"no-check-names"}, {"edns0"},          {"single-request"}, {"single-request-reopen"},
    {"no-tld-query"},   {"use-vc"},         {"no-reload"},      {"trust-ad"},
    {"no-aaaa"}};

bool IsLabel(std::string_view label) {
  return !label.empty() && label.size() <= kMaxLabel && label.front() != '-' &&
         label.back() != '-' && std::ranges::all_of(label, [](char c) {
           return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                  c == '-' || c == '_';
         });
}

bool IsDomain(std::string_view name) {
  if (name.ends_with('.')) name.remove_suffix(1);
  if (name.size() > kMaxDomain) return false;
  while (true) {
    const std::size_t dot = name.find('.');
    if (!IsLabel(name.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    name.remove_prefix(dot + 1);
  }
}

Result<void> ValidateCount(const char* field, std::size_t count, std::size_t most) {
  if (count <= most) return {};
  return Refuse(fmt::format("{} has {} entries: at most {} are allowed", field, count, most));
}

Result<void> ValidateNameServers(const std::vector<std::string>& servers) {
  if (auto ok = ValidateCount("customDNS.nameServers", servers.size(), kMaxNameServers); !ok) {
    return ok;
  }
  for (const std::string& server : servers) {
    in_addr address;
    if (inet_pton(AF_INET, server.c_str(), &address) == 1) continue;
    in6_addr address6;
    const bool is_6 = inet_pton(AF_INET6, server.c_str(), &address6) == 1;
    return Refuse(fmt::format(
        "customDNS.nameServers {} is not allowed: use {}", Quoted(server),
        is_6 ? "an IPv4 address, functions have no IPv6" : "an IPv4 address such as 9.9.9.9"));
  }
  return {};
}

Result<void> ValidateSearches(const std::vector<std::string>& searches) {
  if (auto ok = ValidateCount("customDNS.searches", searches.size(), kMaxSearches); !ok) return ok;
  std::size_t bytes = 0;
  for (const std::string& domain : searches) {
    bytes += domain.size() + 1;
    if (IsDomain(domain)) continue;
    return Refuse(
        fmt::format("customDNS.searches {} is not allowed: use a domain such as "
                    "internal.example.com",
                    Quoted(domain)));
  }
  if (bytes <= kMaxSearchBytes) return {};
  return Refuse(fmt::format("customDNS.searches have {} bytes in all: at most {} are allowed",
                            bytes, kMaxSearchBytes));
}

Result<void> ValidateOption(const DnsOption& option) {
  const auto* known = std::ranges::find(kOptions, option.name, &KnownOption::name);
  if (known == std::end(kOptions)) {
    std::string names;
    for (const auto& one : kOptions) names += (names.empty() ? "" : ", ") + std::string(one.name);
    return Refuse(fmt::format("customDNS.dnsOptions {} is not known: use one of {}",
                              Quoted(option.name), names));
  }
  if (known->most < 0) {
    if (option.value.empty()) return {};
    return Refuse(fmt::format("customDNS.dnsOptions {} has the value {}: it takes none",
                              option.name, Quoted(option.value)));
  }
  int value = -1;
  const char* const end = option.value.data() + option.value.size();
  const auto [stopped, error] = std::from_chars(option.value.data(), end, value);
  if (error == std::errc() && stopped == end && value >= known->least && value <= known->most) {
    return {};
  }
  return Refuse(fmt::format("customDNS.dnsOptions {} has the value {}: use {} to {}", option.name,
                            Quoted(option.value), known->least, known->most));
}

Result<void> ValidateOptions(const std::vector<DnsOption>& options) {
  for (std::size_t i = 0; i < options.size(); ++i) {
    if (auto ok = ValidateOption(options[i]); !ok) return ok;
    for (std::size_t k = 0; k < i; ++k) {
      if (options[k].name != options[i].name) continue;
      return Refuse(fmt::format("customDNS.dnsOptions {} is there twice", options[i].name));
    }
  }
  return {};
}

}  // namespace

Result<void> ValidateDns(const FunctionConfig& config) {
  const CustomDns& dns = config.dns;
  if (dns == CustomDns()) return {};
  if (!config.internet_access) {
    return Refuse(
        "customDNS needs internetAccess true: without it the function reaches no name server");
  }
  if (auto ok = ValidateNameServers(dns.name_servers); !ok) return ok;
  if (auto ok = ValidateSearches(dns.searches); !ok) return ok;
  return ValidateOptions(dns.options);
}

}  // namespace ebb::model
