// images/address.h
// Where registries are: the parts of a URL, and where plain HTTP is allowed.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"

namespace ebb::images {

enum class Scheme { kHttps, kHttp };

struct Address {
  Scheme scheme = Scheme::kHttps;
  std::string host;  // Without the brackets of an IPv6 address.
  std::uint16_t port = 443;
  std::string target = "/";  // Path and query, as they are sent.

  std::string authority() const;  // As in Host: without the port that the scheme implies.
};

// "https://host[:port]/path?query".  kInvalid.
Result<Address> ParseAddress(std::string_view url);

// `url` as seen from `base`: absolute, or a path on the same host.  kInvalid.
Result<Address> Resolve(const Address& base, std::string_view url);

bool IsLoopback(const std::string& host);  // "localhost", 127.0.0.0/8, ::1.

}  // namespace ebb::images
