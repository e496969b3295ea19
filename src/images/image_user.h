// images/image_user.h
// Whom an image wants its program to run as.
#pragma once

#include <cstdint>
#include <string>

#include "base/error.h"
#include "base/file.h"

namespace ebb::images {

struct ImageUser {
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::string home;  // Empty: the image does not say.
};

// `text` is `User` of an image's configuration: "www", "1001", "www:data", "1001:0"; empty: root.
// What names mean stands in /etc/passwd and /etc/group below `root`, the image's.  Blocks.
// Errors: kInvalid, naming what is not there.
Result<ImageUser> FindUser(const base::Path& root, const std::string& text);

}  // namespace ebb::images
