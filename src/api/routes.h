// api/routes.h
// Which method and path mean which operation: the whole management API on one page.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "api/operation.h"

namespace ebb::api {

enum class BodyKind { kDocument, kPayload };

struct Route {
  std::string_view method;
  std::string_view pattern;  // A segment in braces takes one name: "/functions/{functionName}".
  Operation operation;
  BodyKind body = BodyKind::kDocument;  // Which limit holds for its size.
};

struct Match {
  const Route* route = nullptr;
  std::vector<std::string> names;
};

// Every operation there is.
std::span<const Route> Routes();

// `path` as sent.  kInvalid, code PathNotSupported, when there is no such operation.
Result<Match> FindRoute(std::span<const Route> routes, std::string_view method,
                        std::string_view path);

}  // namespace ebb::api
