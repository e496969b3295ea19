// server/serve.h
// `ebb serve` from its first line to its last.
#pragma once

#include <ostream>

#include "base/error.h"
#include "server/config.h"

namespace ebb::server {

// Runs until SIGTERM or SIGINT, then stops in order; a second signal ends it at once, which loses
// nothing that was acknowledged.  Call before there is any thread: the sandbox's helpers are forked
// first.
//
// Says "ebb is ready: …" on `out` once requests are answered; before that, at the very first start
// of a data folder, the account and its key.
// Errors: kDenied rights that isolation needs are missing; kConflict another server has the data
// folder; kUnavailable a port is taken, disk trouble.
Result<void> Serve(const Config& config, std::ostream& out);

}  // namespace ebb::server
