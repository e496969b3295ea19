#include "images/address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

namespace ebb::images {
namespace {

bool IsClean(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7f; });
}

}  // namespace

std::string Address::authority() const {
  const std::string name = host.contains(':') ? "[" + host + "]" : host;
  const std::uint16_t implied = scheme == Scheme::kHttps ? 443 : 80;
  return port == implied ? name : name + ":" + std::to_string(port);
}

Result<Address> ParseAddress(std::string_view url) {
  const auto bad = [&] { return Fail(Error::Invalid("not a URL: " + std::string(url))); };
  if (!IsClean(url)) return bad();
  Address out;
  std::string_view rest = url;
  if (rest.starts_with("https://")) {
    rest.remove_prefix(8);
  } else if (rest.starts_with("http://")) {
    rest.remove_prefix(7);
    out.scheme = Scheme::kHttp;
    out.port = 80;
  } else {
    return bad();
  }
  const std::size_t slash = rest.find_first_of("/?");
  std::string_view authority = rest.substr(0, slash);
  if (slash != std::string_view::npos) out.target = rest.substr(slash);
  if (out.target.starts_with('?')) out.target.insert(0, "/");
  out.target = out.target.substr(0, out.target.find('#'));
  if (authority.starts_with('[')) {
    const std::size_t close = authority.find(']');
    if (close == std::string_view::npos) return bad();
    out.host = authority.substr(1, close - 1);
    authority.remove_prefix(close + 1);
  } else {
    out.host = authority.substr(0, authority.find(':'));
    authority.remove_prefix(out.host.size());
  }
  if (authority.starts_with(':')) {
    authority.remove_prefix(1);
    const char* end = authority.data() + authority.size();
    const auto [last, error] = std::from_chars(authority.data(), end, out.port);
    if (error != std::errc() || last != end || out.port == 0) return bad();
  } else if (!authority.empty()) {
    return bad();
  }
  if (out.host.empty() || out.host.contains('@')) return bad();
  return out;
}

Result<Address> Resolve(const Address& base, std::string_view url) {
  if (!url.starts_with('/') || url.starts_with("//")) return ParseAddress(url);
  if (!IsClean(url)) return Fail(Error::Invalid("not a URL: " + std::string(url)));
  Address out = base;
  out.target = url.substr(0, url.find('#'));
  return out;
}

bool IsLoopback(const std::string& host) {
  if (host == "localhost" || host == "::1") return true;
  in_addr address{};
  return inet_pton(AF_INET, host.c_str(), &address) == 1 && ntohl(address.s_addr) >> 24 == 127;
}

}  // namespace ebb::images
