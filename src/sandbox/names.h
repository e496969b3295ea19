// sandbox/names.h
// The files that sandboxes with name servers, searches or options of their own see as
// /etc/resolv.conf.
#pragma once

#include "base/error.h"
#include "base/file.h"
#include "sandbox/launcher.h"

namespace ebb::sandbox {

inline constexpr const char* kResolvConf = "/etc/resolv.conf";

std::string FormatResolvConf(const Names& names);

// A folder of such files, each named by its content: sandboxes share them, and few are made.
class NamesFolder {
 public:
  explicit NamesFolder(base::Path folder) : folder_(std::move(folder)) {}

  // Errors: kUnavailable.
  Result<base::Path> FileOf(const Names& names) const;

 private:
  base::Path folder_;
};

}  // namespace ebb::sandbox
