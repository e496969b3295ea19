#include "base/check.h"
#include "store/database.h"

namespace ebb::store {
namespace {

template <typename T>
const T& Typed(const std::vector<Value>& values, std::size_t column, const char* type) {
  EBB_CHECK(column < values.size(),
            "column " + std::to_string(column) + " of a row of " + std::to_string(values.size()));
  const T* value = std::get_if<T>(&values[column]);
  EBB_CHECK(value != nullptr, "column " + std::to_string(column) + " is not " + type +
                                  " but alternative " + std::to_string(values[column].index()));
  return *value;
}

}  // namespace

std::int64_t Row::Int(std::size_t column) const {
  return Typed<std::int64_t>(values_, column, "an integer");
}
double Row::Real(std::size_t column) const { return Typed<double>(values_, column, "a real"); }
const std::string& Row::Text(std::size_t column) const {
  return Typed<std::string>(values_, column, "text");
}
const std::string& Row::Bytes(std::size_t column) const {
  return Typed<Blob>(values_, column, "a blob").bytes;
}
bool Row::IsNull(std::size_t column) const {
  EBB_CHECK(column < values_.size(), "column " + std::to_string(column));
  return std::holds_alternative<std::monostate>(values_[column]);
}

}  // namespace ebb::store
