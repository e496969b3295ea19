// cli/code_zip.h
// A code folder as a zip: the same files give the same bytes, on any machine, at any time, so that
// a checksum tells whether anything has changed.
#pragma once

#include <string>

#include "base/error.h"
#include "base/file.h"

namespace ebb::cli {

// What is to be uploaded for `source`: a folder becomes a zip of it, an archive is taken as it is.
//
// Of a folder: files in the order of their names, times fixed, owners left out, modes reduced to
// 0755 and 0644.  Links stay links.  Left out: what .fcignore names, .fcignore itself, .git, .s and
// __pycache__.  Errors: kNotFound; kInvalid nothing is in it; kUnavailable disk trouble.
Result<std::string> LoadCode(const base::Path& source);

}  // namespace ebb::cli
