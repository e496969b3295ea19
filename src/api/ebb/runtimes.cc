#include "api/ebb/runtimes.h"

#include <algorithm>
#include <map>

#include "base/time_format.h"

namespace ebb::api {
namespace {

using BuildPtr = std::shared_ptr<const sandbox::Build>;
// How many instances of each revision of a function, by the function's name.
using Users = std::map<std::pair<std::string, std::uint64_t>, int>;

std::map<BuildPtr, Users> UsersOfBuilds(const Setup& setup, const std::string& account) {
  const auto snapshot = setup.services.catalog.snapshot();
  std::map<std::string, std::string> names;
  for (const auto& [name, function] : snapshot->functions) {
    if (name.first == account) names[function->id] = function->config.name;
  }
  std::map<BuildPtr, Users> users;
  for (const auto& entry : setup.services.scheduler.instances({})) {
    const auto name = names.find(entry.key.function_id);
    if (entry.state == scheduler::InstanceState::kEnded || !entry.build || name == names.end()) {
      continue;
    }
    ++users[entry.build][{name->second, entry.key.revision}];
  }
  return users;
}

json::object Format(const sandbox::Build& build, const Users& users) {
  json::array functions;
  int instances = 0;
  for (const auto& [function, count] : users) {
    instances += count;
    functions.push_back(json::object{
        {"function", function.first}, {"revision", function.second}, {"instances", count}});
  }
  return {{"id", build.id},
          {"version", build.version},
          {"since", base::FormatIsoMillis(build.since)},
          {"current", !build.replaced},
          {"instances", instances},
          {"functions", std::move(functions)}};
}

json::object FormatHost(const sandbox::RuntimeState& state) {
  if (state.other.empty()) return {{"build", state.build->id}, {"state", "used"}};
  json::object host{{"build", state.other},
                    {"state", state.why_not.empty() ? "settling" : "refused"}};
  if (!state.why_not.empty()) host["reason"] = state.why_not;
  return host;
}

}  // namespace

Task<Answer> ListRuntimes(const Setup& setup, Ask ask) {
  auto users = UsersOfBuilds(setup, ask.account);
  json::array runtimes;
  for (const sandbox::RuntimeState& state : setup.services.scheduler.runtimes()) {
    users.try_emplace(state.build);  // Shown if nobody uses it, too.
    std::vector<BuildPtr> builds;
    for (const auto& [build, of] : users) {
      if (build->runtime == state.build->runtime) builds.push_back(build);
    }
    std::ranges::sort(builds, std::ranges::greater(), &sandbox::Build::since);
    json::array shown;
    for (const BuildPtr& build : builds) shown.push_back(Format(*build, users.at(build)));
    runtimes.push_back(json::object{
        {"name", state.build->runtime}, {"host", FormatHost(state)}, {"builds", std::move(shown)}});
  }
  co_return JsonAnswer({{"runtimes", std::move(runtimes)}});
}

}  // namespace ebb::api
