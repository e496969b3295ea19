// cli/answers.h
// Reading members of the server's answers, and lists that come in pages.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/json.h"
#include "cli/client.h"

namespace ebb::cli {

// What is absent or of another type reads as empty or 0: a client shows what it understands.
std::string TextAt(const json::object& from, std::string_view name);
std::int64_t WholeAt(const json::object& from, std::string_view name);
double NumberAt(const json::object& from, std::string_view name);
json::object ObjectAt(const json::object& from, std::string_view name);
json::array ArrayAt(const json::object& from, std::string_view name);

// The elements of `member` over all pages, but no more than `most`.
Result<json::array> SendForAll(Client& client, Ask ask, std::string_view member,
                               std::size_t most = SIZE_MAX);

}  // namespace ebb::cli
