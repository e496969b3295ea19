// images/reference.h
// The name of an image, as people write it.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace ebb::images {

// "shop/web:2" is on Docker Hub; what has a '.' or ':' in its first part, or is localhost, begins
// with the registry.
struct Reference {
  std::string registry;    // "docker.io", "127.0.0.1:5000".
  std::string repository;  // "library/alpine", "shop/web".
  std::string tag;         // "latest" if neither it nor a digest is given.
  std::string digest;      // "sha256:…", or empty.

  // What the registry is asked for: the digest if there is one.
  const std::string& target() const { return digest.empty() ? tag : digest; }
  std::string name() const { return registry + "/" + repository; }
};

// kInvalid, code "InvalidArgument", quoting `text`.
Result<Reference> ParseReference(std::string_view text);

bool IsSha256Digest(std::string_view text);  // "sha256:" and 64 lower-case hex digits.

}  // namespace ebb::images
