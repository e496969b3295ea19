#include "store/running_statement.h"

namespace ebb::store {

int RunningStatement::Bind(std::span<const Value> parameters) {
  if (static_cast<std::size_t>(sqlite3_bind_parameter_count(statement_)) != parameters.size()) {
    return SQLITE_RANGE;
  }
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const int code = BindOne(static_cast<int>(i) + 1, parameters[i]);
    if (code != SQLITE_OK) return code;
  }
  return SQLITE_OK;
}

int RunningStatement::BindOne(int index, const Value& value) {
  if (const auto* integer = std::get_if<std::int64_t>(&value)) {
    return sqlite3_bind_int64(statement_, index, *integer);
  }
  if (const auto* real = std::get_if<double>(&value)) {
    return sqlite3_bind_double(statement_, index, *real);
  }
  if (const auto* text = std::get_if<std::string>(&value)) {
    return sqlite3_bind_text64(statement_, index, text->data(), text->size(), SQLITE_STATIC,
                               SQLITE_UTF8);
  }
  if (const auto* blob = std::get_if<Blob>(&value)) {
    return sqlite3_bind_blob64(statement_, index, blob->bytes.data(), blob->bytes.size(),
                               SQLITE_STATIC);
  }
  return sqlite3_bind_null(statement_, index);
}

std::vector<Value> RunningStatement::Columns() const {
  std::vector<Value> values;
  const int count = sqlite3_column_count(statement_);
  values.reserve(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) {
    switch (sqlite3_column_type(statement_, i)) {
      case SQLITE_INTEGER:
        values.emplace_back(static_cast<std::int64_t>(sqlite3_column_int64(statement_, i)));
        break;
      case SQLITE_FLOAT:
        values.emplace_back(sqlite3_column_double(statement_, i));
        break;
      case SQLITE_NULL:
        values.emplace_back(std::monostate{});
        break;
      case SQLITE_TEXT: {
        const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement_, i));
        const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_, i));
        values.emplace_back(std::string(text, size));
        break;
      }
      default: {
        // An empty blob is a null pointer here.
        const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement_, i));
        const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_, i));
        values.emplace_back(Blob{size == 0 ? std::string() : std::string(bytes, size)});
      }
    }
  }
  return values;
}

}  // namespace ebb::store
