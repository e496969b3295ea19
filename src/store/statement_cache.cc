#include "store/statement_cache.h"

#include <algorithm>

#include "store/sqlite_error.h"

namespace ebb::store {
namespace {

// Far more than the program has statements; a bound against text that is built at run time.
constexpr std::size_t kMaxStatements = 256;

}  // namespace

Result<sqlite3_stmt*> StatementCache::Get(std::string_view sql) {
  ++uses_;
  if (auto found = entries_.find(sql); found != entries_.end()) {
    found->second.last_used = uses_;
    return found->second.statement.get();
  }
  sqlite3_stmt* raw = nullptr;
  const char* tail = nullptr;
  const int code = sqlite3_prepare_v3(connection_, sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &raw, &tail);
  std::unique_ptr<sqlite3_stmt, Finalize> statement(raw);
  if (code != SQLITE_OK) return Fail(FromSqlite(connection_, code, sql));
  const auto used = static_cast<std::size_t>(tail - sql.data());
  if (!statement || sql.find_first_not_of(" \n\t;", used) != std::string_view::npos) {
    return Fail(Error::Internal("a database statement failed")
                    .WithDetail("not exactly one statement: " + std::string(sql)));
  }
  if (entries_.size() >= kMaxStatements) DropOldest();
  entries_.emplace(std::string(sql), Entry{std::move(statement), uses_});
  return raw;
}

void StatementCache::DropOldest() {
  auto oldest = std::min_element(entries_.begin(), entries_.end(), [](auto& a, auto& b) {
    return a.second.last_used < b.second.last_used;
  });
  entries_.erase(oldest);
}

}  // namespace ebb::store
