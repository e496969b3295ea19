// store/sqlite_error.h
// What SQLite's result codes mean to a caller of Database.
#pragma once

#include <sqlite3.h>

#include <string_view>

#include "base/error.h"

namespace ebb::store {

// `code` is what the last call on `connection` returned; nullptr if it could not even be opened.
//   kConflict     a UNIQUE, PRIMARY KEY or FOREIGN KEY constraint refused;
//   kUnavailable  the disk is full ("disk full"), failed, or the file is locked or damaged;
//   kInternal     bad SQL, a NOT NULL or CHECK constraint: our bug.
Error FromSqlite(sqlite3* connection, int code, std::string_view sql);

}  // namespace ebb::store
