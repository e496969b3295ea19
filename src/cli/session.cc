#include "cli/session.h"

namespace ebb::cli {

Result<Client*> Session::Connect() {
  if (!client_) {
    auto found = FindPlace(place, environment);
    if (!found) return Fail(found.error());
    client_ = std::make_unique<Client>(std::move(*found), clock, random);
  }
  return client_.get();
}

void Session::PrintJson(const json::value& value) const {
  console.out << json::serialize(value) << "\n";
}

}  // namespace ebb::cli
