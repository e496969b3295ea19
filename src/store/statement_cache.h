// store/statement_cache.h
// Keeps the statements of one connection prepared: compiling one costs more than running it.
// Lives on its connection's thread.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/error.h"

namespace ebb::store {

class StatementCache {
 public:
  explicit StatementCache(sqlite3* connection) : connection_(connection) {}

  // Ready to be bound, until the next Get.  Borrowed: reset it after use, do not finalize it.
  // kInternal when the text is not exactly one statement.
  Result<sqlite3_stmt*> Get(std::string_view sql);

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  struct Entry {
    std::unique_ptr<sqlite3_stmt, Finalize> statement;
    std::uint64_t last_used = 0;
  };
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>{}(text);
    }
  };

  void DropOldest();

  sqlite3* connection_;
  std::uint64_t uses_ = 0;
  std::unordered_map<std::string, Entry, Hash, std::equal_to<>> entries_;
};

}  // namespace ebb::store
