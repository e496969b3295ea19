// server/data_lock.h
// One data folder, one server: an flock that ends with the process, however it ends.
#pragma once

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"

namespace ebb::server {

class DataLock {
 public:
  // Makes `data` if it is not there, and takes <data>/lock.  Errors: kConflict another server holds
  // it, naming its process id; kUnavailable disk trouble.
  static Result<DataLock> Take(const base::Path& data);

 private:
  explicit DataLock(base::Fd file) : file_(std::move(file)) {}
  base::Fd file_;
};

}  // namespace ebb::server
