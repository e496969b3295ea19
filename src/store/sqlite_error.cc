#include "store/sqlite_error.h"

#include <cerrno>
#include <string>

namespace ebb::store {
namespace {

// SQLite gives SQLITE_FULL when write(2) says so, but only an I/O error when fsync(2) or the
// growing of the shared-memory file does: then the errno that it kept tells.
bool IsDiskFull(sqlite3* connection, int code) {
  const int primary = code & 0xff;
  if (primary == SQLITE_FULL) return true;
  if (primary != SQLITE_IOERR || connection == nullptr) return false;
  const int number = sqlite3_system_errno(connection);
  return number == ENOSPC || number == EDQUOT;
}

Error ByCode(sqlite3* connection, int code) {
  if (IsDiskFull(connection, code)) return Error::Unavailable("disk full");
  switch (code & 0xff) {
    case SQLITE_CONSTRAINT:
      switch (code) {
        case SQLITE_CONSTRAINT_UNIQUE:
        case SQLITE_CONSTRAINT_PRIMARYKEY:
        case SQLITE_CONSTRAINT_ROWID:
          return Error::Conflict("it exists already");
        case SQLITE_CONSTRAINT_FOREIGNKEY:
          return Error::Conflict("something else refers to it, or what it refers to is gone");
        default:
          return Error::Internal("the database refused a value");
      }
    case SQLITE_IOERR:
      return Error::Unavailable("the disk of the database failed");
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return Error::Unavailable("the database file is damaged or no database");
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return Error::Unavailable("the database is locked by another program");
    case SQLITE_CANTOPEN:
      return Error::Unavailable("the database file cannot be opened");
    case SQLITE_READONLY:
    case SQLITE_PERM:
      return Error::Unavailable("the database file is read-only");
    case SQLITE_NOMEM:
    case SQLITE_PROTOCOL:
      return Error::Unavailable("the database is overloaded");
    default:
      return Error::Internal("a database statement failed");
  }
}

}  // namespace

Error FromSqlite(sqlite3* connection, int code, std::string_view sql) {
  std::string detail = sqlite3_errstr(code);
  if (connection != nullptr) detail = sqlite3_errmsg(connection);
  detail += " (" + std::to_string(code) + ")";
  if (!sql.empty()) detail += " in: " + std::string(sql);
  return ByCode(connection, code).WithDetail(std::move(detail));
}

}  // namespace ebb::store
