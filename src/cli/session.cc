#include "cli/session.h"

#include "cli/human.h"

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

std::optional<WallTime> Session::ReadSince(const std::string& text) const {
  const auto since = ParseSince(text, clock.WallNow());
  if (!since) {
    console.err << "ebb: --since takes an age (90s, 10m, 2h, 1d) or a time "
                   "(2026-11-23T20:00:00Z), not '"
                << text << "'\n";
  }
  return since;
}

}  // namespace ebb::cli
