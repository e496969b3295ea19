// images/manifest.h
// What the JSON documents of an image say: the OCI image specification's, and Docker's own before.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "images/registry.h"

namespace ebb::images {

struct Manifest {
  Descriptor config;
  std::vector<Descriptor> layers;  // The lowest first.
};

// What the image's maker set.
struct ImageConfig {
  std::vector<std::string> environment;  // "NAME=value"
  std::vector<std::string> entrypoint;
  std::vector<std::string> command;
  std::string work_in;  // Empty: "/".
  std::string user;     // "www:data", "1001"; empty: root.
};

// If `document` lists images of several machines, the one for linux/amd64.  nullopt: it is an
// image's manifest itself.  Errors of all: kInvalid, saying what is wrong.
Result<std::optional<Descriptor>> ChoosePlatform(const Document& document);
Result<Manifest> ParseManifest(const Document& document);
Result<ImageConfig> ParseImageConfig(const std::string& text);

}  // namespace ebb::images
