#include "egress/address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

namespace ebb::egress {
namespace {

std::vector<std::string> SplitAtCommas(const std::string& text) {
  std::vector<std::string> parts;
  for (std::size_t at = 0; !text.empty() && at <= text.size();) {
    const std::size_t end = std::min(text.find(',', at), text.size());
    std::string part = text.substr(at, end - at);
    while (part.starts_with(' ')) part.erase(0, 1);
    while (part.ends_with(' ')) part.pop_back();
    parts.push_back(std::move(part));
    at = end + 1;
  }
  return parts;
}

std::optional<int> ParseWhole(const std::string& text, int least, int most) {
  int value = 0;
  const char* end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stopped != end || value < least || value > most) return std::nullopt;
  return value;
}

std::unexpected<Error> Refuse(const std::string& part, const char* why) {
  return Fail(Error::Invalid("'" + part + "' " + why));
}

Result<Opening> ParseOpening(const std::string& part) {
  Opening opening;
  std::string rest = part;
  if (const std::size_t colon = rest.find(':'); colon != std::string::npos) {
    const auto port = ParseWhole(rest.substr(colon + 1), 1, 65535);
    if (!port) return Refuse(part, "has no port from 1 to 65535 behind the ':'");
    opening.port = static_cast<std::uint16_t>(*port);
    rest.resize(colon);
  }
  if (const std::size_t slash = rest.find('/'); slash != std::string::npos) {
    const auto prefix = ParseWhole(rest.substr(slash + 1), 0, 32);
    if (!prefix) return Refuse(part, "has no length from 0 to 32 behind the '/'");
    opening.block.prefix = *prefix;
    rest.resize(slash);
  }
  const auto address = ParseAddress(rest);
  if (!address)
    return Refuse(part, "is no IPv4 address such as 10.1.2.3, 10.1.2.0/24 or 10.1.2.3:5432");
  opening.block.first = *address;
  if ((*address & opening.block.mask()) != *address) {
    return Refuse(part, "names an address inside the block instead of the block's first");
  }
  return opening;
}

bool IsAddress6(const std::string& text) {
  in6_addr bytes;
  // A link-local one has its interface behind a '%'.
  return inet_pton(AF_INET6, text.substr(0, text.find('%')).c_str(), &bytes) == 1;
}

Result<NameServer> ParseNameServer(const std::string& part) {
  if (IsAddress6(part)) return NameServer{part};
  const std::size_t colon = part.find(':');
  NameServer server{part.substr(0, colon)};
  if (!ParseAddress(server.address)) return Refuse(part, "is no address of a name server");
  if (colon == std::string::npos) return server;
  const auto port = ParseWhole(part.substr(colon + 1), 1, 65535);
  if (!port) return Refuse(part, "has no port from 1 to 65535 behind the ':'");
  server.port = static_cast<std::uint16_t>(*port);
  return server;
}

template <typename T>
Result<std::vector<T>> ParseEach(const std::string& text, Result<T> (*parse)(const std::string&)) {
  std::vector<T> all;
  for (const std::string& part : SplitAtCommas(text)) {
    auto one = parse(part);
    if (!one) return Fail(one.error());
    all.push_back(std::move(*one));
  }
  return all;
}

template <typename T, typename Format>
std::string FormatEach(const std::vector<T>& all, Format format) {
  std::string text;
  for (const T& one : all) text += (text.empty() ? "" : ",") + format(one);
  return text;
}

}  // namespace

std::optional<Address> ParseAddress(const std::string& text) {
  in_addr bytes{};
  if (inet_pton(AF_INET, text.c_str(), &bytes) != 1) return std::nullopt;
  return ntohl(bytes.s_addr);
}

std::string FormatAddress(Address address) {
  const in_addr bytes{htonl(address)};
  char text[INET_ADDRSTRLEN];
  return inet_ntop(AF_INET, &bytes, text, sizeof text);
}

Result<std::vector<Opening>> ParseOpenings(const std::string& text) {
  return ParseEach(text, &ParseOpening);
}

std::string FormatOpenings(const std::vector<Opening>& openings) {
  return FormatEach(openings, [](const Opening& opening) {
    std::string text = FormatAddress(opening.block.first);
    if (opening.block.prefix != 32) text += "/" + std::to_string(opening.block.prefix);
    if (opening.port != 0) text += ":" + std::to_string(opening.port);
    return text;
  });
}

Result<std::vector<NameServer>> ParseNameServers(const std::string& text) {
  return ParseEach(text, &ParseNameServer);
}

std::string FormatNameServers(const std::vector<NameServer>& servers) {
  return FormatEach(servers, [](const NameServer& server) {
    return server.address + (server.port == 53 ? "" : ":" + std::to_string(server.port));
  });
}

}  // namespace ebb::egress
