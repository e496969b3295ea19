// cli/place.h
// Which server a command talks to, and with which key.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "base/error.h"
#include "base/file.h"

namespace ebb::cli {

// What the command line says of the server; empty: not said.
struct PlaceOptions {
  std::string endpoint;
  std::string access_key_id;
  std::string access_key_secret;
  // Of a server on this machine: its cli.json is the last resort.  The default is looked for here
  // and in the folders above.
  base::Path data = "data";
};

struct Place {
  std::string endpoint;  // "http://127.0.0.1:8900"
  std::string host;
  std::uint16_t port = 0;
  std::string access_key_id;
  std::string access_key_secret;
  base::Path data;
};

using Environment = std::function<std::optional<std::string>(const std::string& name)>;

// Each of the three from its option, else EBB_ENDPOINT, EBB_ACCESS_KEY_ID, EBB_ACCESS_KEY_SECRET,
// else <data>/cli.json.  Errors: code kUnreachableCode when none of these names a server; kInvalid.
Result<Place> FindPlace(const PlaceOptions& options, const Environment& environment);

}  // namespace ebb::cli
