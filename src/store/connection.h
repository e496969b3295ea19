// store/connection.h
// One SQLite connection, set up the way that Ebb uses SQLite.  One thread at a time.
#pragma once

#include <sqlite3.h>

#include <memory>
#include <string>

#include "base/file.h"
#include "store/database.h"
#include "store/statement_cache.h"

namespace ebb::store {

class Connection : public Transaction {
 public:
  enum class Access { kWrite, kRead };

  // Makes the file, readable by its owner only, if `access` is kWrite.  `vfs`: see EmbeddedConfig.
  static Result<std::unique_ptr<Connection>> Open(const base::Path& file, Access access,
                                                  const std::string& vfs);

  Result<std::vector<Row>> Query(std::string_view sql,
                                 std::initializer_list<Value> parameters) override;
  Result<std::vector<Row>> Query(std::string_view sql, std::span<const Value> parameters) override;
  Result<std::int64_t> Execute(std::string_view sql,
                               std::initializer_list<Value> parameters) override;
  Result<std::int64_t> Execute(std::string_view sql, std::span<const Value> parameters) override;

  // BEGIN, COMMIT and their like.
  Result<void> Control(std::string_view sql);
  // False also after SQLite rolled back by itself, as it may when the disk fails.
  bool in_transaction() const;
  void Rollback();  // Whatever state the transaction is in; there being none is fine.

 private:
  struct Close {
    void operator()(sqlite3* connection) const { sqlite3_close_v2(connection); }
  };
  explicit Connection(std::unique_ptr<sqlite3, Close> handle);

  Result<void> SetUp(Access access);

  std::unique_ptr<sqlite3, Close> handle_;
  StatementCache statements_;
};

}  // namespace ebb::store
