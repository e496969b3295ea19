#include "api/ebb/instances.h"

#include <map>

#include "base/time_format.h"

namespace ebb::api {
namespace {

json::object Format(const scheduler::InstanceEntry& entry, const model::Function& function) {
  json::object out{{"instanceId", entry.id},
                   {"function", function.config.name},
                   {"runtime", function.config.runtime},
                   {"state", scheduler::ToString(entry.state)},
                   {"revision", entry.key.revision},
                   {"current", entry.key.revision == function.revision},
                   {"memorySize", entry.memory.count()},
                   {"cause", model::ToString(entry.birth.cold.cause)},
                   {"path", model::ToString(entry.birth.cold.path)},
                   {"created", base::FormatIsoMillis(entry.created)}};
  if (entry.build) {
    out["build"] = entry.build->id;
    out["buildVersion"] = entry.build->version;
  }
  if (entry.state == scheduler::InstanceState::kEnded) {
    out["ended"] = base::FormatIsoMillis(entry.ended);
    out["endedBy"] = model::ToString(entry.ended_by);
  }
  return out;
}

}  // namespace

Task<Answer> ListAllInstances(const Setup& setup, Ask ask) {
  const auto snapshot = setup.services.catalog.snapshot();
  const auto wanted = QueryText(ask, "function");
  const auto ended = QueryFlag(ask, "ended");
  if (!ended) co_return Fail(ended.error());
  std::string function_id;
  if (wanted) {
    auto function = snapshot->FindFunction(ask.account, *wanted);
    if (!function) co_return Fail(function.error());
    function_id = (*function)->id;
  }
  std::map<std::string, const model::Function*> own;
  for (const auto& [name, function] : snapshot->functions) {
    if (name.first == ask.account) own[function->id] = function.get();
  }
  json::array instances;
  for (const auto& entry : setup.services.scheduler.instances(function_id)) {
    const auto function = own.find(entry.key.function_id);
    if (function == own.end()) continue;
    if (entry.state == scheduler::InstanceState::kEnded && !*ended) continue;
    instances.push_back(Format(entry, *function->second));
  }
  co_return JsonAnswer({{"instances", std::move(instances)}});
}

}  // namespace ebb::api
