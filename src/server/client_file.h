// server/client_file.h
// <data>/cli.json: where this server is and the key that opens it, for the command line on the same
// machine.  Only its owner may read it.
#pragma once

#include <string>

#include "base/error.h"
#include "base/file.h"

namespace ebb::server {

struct ClientFile {
  std::string endpoint;            // "http://127.0.0.1:8900"
  std::string s3_endpoint;         // "http://127.0.0.1:8901"
  std::string functions_endpoint;  // "http://127.0.0.1:8902"
  std::string account_id;
  std::string access_key_id;
  std::string access_key_secret;
  std::string region;
};

// Written at every start, once the ports are bound.
Result<void> SaveClientFile(const base::Path& data, const ClientFile& file);
// kNotFound, or kInvalid when it is not what SaveClientFile writes.
Result<ClientFile> LoadClientFile(const base::Path& data);

}  // namespace ebb::server
