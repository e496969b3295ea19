// store/migrations.h
// Brings the tables of every module up to date.
#pragma once

#include <vector>

#include "store/connection.h"
#include "store/database.h"

namespace ebb::store {

// All that are missing, in the order given, in one transaction: all or none.
// kConflict: the file has a version of a module that is newer than any of `migrations`.
Result<void> Migrate(Connection& connection, const std::vector<Migration>& migrations);

}  // namespace ebb::store
