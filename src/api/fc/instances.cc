#include "api/fc/instances.h"

#include <algorithm>
#include <charconv>
#include <set>

namespace ebb::api {
namespace {

using scheduler::InstanceEntry;
using scheduler::InstanceState;

// What a request selects.  FC documents the parameters by name only; see docs/api.md for what they
// mean here.
struct Selection {
  std::uint64_t current_revision = 0;
  bool all_active = false;         // Also those of older revisions, which are about to end.
  std::set<std::string> ids;       // Empty: all.
  std::set<std::string> statuses;  // Empty: all that live.
  std::optional<std::int64_t> from_ms;
  std::optional<std::int64_t> until_ms;

  bool Has(const InstanceEntry& entry) const;
};

// FC's words, as in its console.
const char* StatusOf(const InstanceEntry& entry) {
  switch (entry.state) {
    case InstanceState::kIdle:
      return "Idle";
    case InstanceState::kBusy:
      return "Running";
    case InstanceState::kEnded:
      return "Destroyed";
  }
  return "";
}

bool Selection::Has(const InstanceEntry& entry) const {
  const bool ended = entry.state == InstanceState::kEnded;
  if (!ids.empty() && !ids.contains(entry.id)) return false;
  if (!statuses.empty() && !statuses.contains(StatusOf(entry))) return false;
  const bool asks_for_the_past = from_ms || until_ms || !ids.empty() || !statuses.empty();
  if (ended && !asks_for_the_past) return false;
  if (from_ms && ended && ToUnixMillis(entry.ended) < *from_ms) return false;
  if (until_ms && ToUnixMillis(entry.created) > *until_ms) return false;
  return ended || all_active || entry.key.revision == current_revision;
}

// A list as FC's SDK sends it: ["a","b"].
Result<std::set<std::string>> QueryList(const Ask& ask, std::string_view name) {
  const auto text = QueryText(ask, name);
  if (!text) return std::set<std::string>();
  std::set<std::string> list;
  boost::system::error_code error;
  const json::value parsed = boost::json::parse(*text, error);
  const json::array* items = error ? nullptr : parsed.if_array();
  if (items == nullptr) return Refuse(std::string(name) + " must be a JSON array of strings");
  for (const json::value& item : *items) {
    if (!item.is_string()) return Refuse(std::string(name) + " must be a JSON array of strings");
    list.emplace(item.get_string());
  }
  return list;
}

Result<std::optional<std::int64_t>> QueryMillis(const Ask& ask, std::string_view name) {
  const auto text = QueryText(ask, name);
  if (!text) return std::nullopt;
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (error != std::errc() || end != text->data() + text->size()) {
    return Refuse(std::string(name) + " must be milliseconds since 1970");
  }
  return value;
}

Result<Selection> ParseSelection(const Ask& ask, const model::Function& function) {
  const std::string qualifier = QueryText(ask, "qualifier").value_or(model::kLatest);
  if (qualifier != model::kLatest) {
    return Fail(Error::NotFound("version or alias '" + qualifier + "' of function '" +
                                function.config.name + "' does not exist.")
                    .WithCode("VersionNotFound"));
  }
  auto all = QueryFlag(ask, "withAllActive");
  if (!all) return Fail(all.error());
  auto ids = QueryList(ask, "instanceIds");
  if (!ids) return Fail(ids.error());
  auto statuses = QueryList(ask, "instanceStatus");
  if (!statuses) return Fail(statuses.error());
  auto from = QueryMillis(ask, "startTimeMs");
  if (!from) return Fail(from.error());
  auto until = QueryMillis(ask, "endTimeMs");
  if (!until) return Fail(until.error());
  return Selection{.current_revision = function.revision,
                   .all_active = *all,
                   .ids = std::move(*ids),
                   .statuses = std::move(*statuses),
                   .from_ms = *from,
                   .until_ms = *until};
}

json::object Format(const InstanceEntry& entry) {
  json::object out{{"instanceId", entry.id},      {"versionId", "0"},  // FC's number of LATEST.
                   {"qualifier", model::kLatest}, {"status", StatusOf(entry)},
                   {"resourceType", "OnDemand"},  {"createdTimeMs", ToUnixMillis(entry.created)}};
  if (entry.state == InstanceState::kEnded) out["destroyedTimeMs"] = ToUnixMillis(entry.ended);
  return out;
}

}  // namespace

Task<Answer> ListInstances(const Setup& setup, Ask ask) {
  auto function = setup.services.catalog.snapshot()->FindFunction(ask.account, ask.names[0]);
  if (!function) co_return Fail(function.error());
  auto selection = ParseSelection(ask, **function);
  if (!selection) co_return Fail(selection.error());
  auto limit = QueryLimit(ask);
  if (!limit) co_return Fail(limit.error());

  std::vector<InstanceEntry> found = setup.services.scheduler.instances((*function)->id);
  std::erase_if(found, [&](const InstanceEntry& entry) { return !selection->Has(entry); });
  // The answer names no place to go on from: the last id of a page is the next one's startKey.
  if (const auto after = QueryText(ask, "startKey")) {
    const auto last = std::ranges::find(found, *after, &InstanceEntry::id);
    if (last != found.end()) found.erase(found.begin(), last + 1);
  }
  if (found.size() > static_cast<std::size_t>(*limit)) {
    found.erase(found.begin() + *limit, found.end());
  }
  json::array instances;
  for (const InstanceEntry& entry : found) instances.push_back(Format(entry));
  co_return JsonAnswer({{"instances", std::move(instances)}, {"requestId", ask.request_id}});
}

}  // namespace ebb::api
