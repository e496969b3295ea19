#include "cli/answers.h"

namespace ebb::cli {

std::string TextAt(const json::object& from, std::string_view name) {
  const json::value* value = from.if_contains(name);
  if (value == nullptr || value->is_null()) return "";
  return value->is_string() ? std::string(value->get_string()) : json::serialize(*value);
}

double NumberAt(const json::object& from, std::string_view name) {
  const json::value* value = from.if_contains(name);
  if (value == nullptr || !value->is_number()) return 0;
  return value->to_number<double>();
}

std::int64_t WholeAt(const json::object& from, std::string_view name) {
  const json::value* value = from.if_contains(name);
  if (value == nullptr || !value->is_int64()) return 0;
  return value->get_int64();
}

json::object ObjectAt(const json::object& from, std::string_view name) {
  const json::value* value = from.if_contains(name);
  return value != nullptr && value->is_object() ? value->get_object() : json::object();
}

json::array ArrayAt(const json::object& from, std::string_view name) {
  const json::value* value = from.if_contains(name);
  return value != nullptr && value->is_array() ? value->get_array() : json::array();
}

Result<json::array> SendForAll(Client& client, Ask ask, std::string_view member, std::size_t most) {
  json::array all;
  std::string next;
  do {
    Ask page = ask;
    page.query.emplace_back("nextToken", next);
    auto answer = client.SendForJson(std::move(page));
    if (!answer) return Fail(answer.error());
    for (json::value& one : ArrayAt(*answer, member)) {
      if (all.size() < most) all.push_back(std::move(one));
    }
    next = TextAt(*answer, "nextToken");
  } while (!next.empty() && all.size() < most);
  return all;
}

}  // namespace ebb::cli
