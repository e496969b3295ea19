// store/running_statement.h
// Parameters into a prepared statement, values out of its rows.
#pragma once

#include <sqlite3.h>

#include <span>
#include <vector>

#include "store/database.h"

namespace ebb::store {

// A statement in use.  Resets it at the end, whatever happened: a statement that is not reset keeps
// its transaction open.
class RunningStatement {
 public:
  explicit RunningStatement(sqlite3_stmt* statement) : statement_(statement) {}
  ~RunningStatement() {
    sqlite3_reset(statement_);
    sqlite3_clear_bindings(statement_);
  }
  RunningStatement(const RunningStatement&) = delete;
  RunningStatement& operator=(const RunningStatement&) = delete;

  // Text and blobs are borrowed: `parameters` must outlive this object.
  int Bind(std::span<const Value> parameters);
  std::vector<Value> Columns() const;

 private:
  int BindOne(int index, const Value& value);

  sqlite3_stmt* statement_;
};

}  // namespace ebb::store
