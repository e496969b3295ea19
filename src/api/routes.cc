#include "api/routes.h"

#include "api/ebb/dead_letters.h"
#include "api/ebb/instances.h"
#include "api/ebb/log_lines.h"
#include "api/ebb/runtimes.h"
#include "api/ebb/status.h"
#include "api/ebb/template.h"
#include "api/ebb/usage.h"
#include "api/fc/functions.h"
#include "api/fc/instances.h"
#include "api/fc/invocations.h"
#include "api/fc/layers.h"
#include "api/fc/triggers.h"
#include "base/encoding.h"

namespace ebb::api {
namespace {

// In order of the reference; names of operations are FC's.
constexpr Route kRoutes[] = {
    {"POST", "/2023-03-30/functions", CreateFunction},
    {"GET", "/2023-03-30/functions", ListFunctions},
    {"GET", "/2023-03-30/functions/{functionName}", GetFunction},
    {"PUT", "/2023-03-30/functions/{functionName}", UpdateFunction},
    {"DELETE", "/2023-03-30/functions/{functionName}", DeleteFunction},
    {"GET", "/2023-03-30/functions/{functionName}/code", GetFunctionCode},
    {"POST", "/2023-03-30/functions/{functionName}/invocations", InvokeFunction,
     BodyKind::kPayload},
    {"POST", "/2023-03-30/functions/{functionName}/triggers", CreateTrigger},
    {"GET", "/2023-03-30/functions/{functionName}/triggers", ListTriggers},
    {"GET", "/2023-03-30/functions/{functionName}/triggers/{triggerName}", GetTrigger},
    {"PUT", "/2023-03-30/functions/{functionName}/triggers/{triggerName}", UpdateTrigger},
    {"DELETE", "/2023-03-30/functions/{functionName}/triggers/{triggerName}", DeleteTrigger},
    {"POST", "/2023-03-30/layers/{layerName}/versions", CreateLayerVersion},
    {"GET", "/2023-03-30/layers", ListLayers},
    {"GET", "/2023-03-30/layers/{layerName}/versions", ListLayerVersions},
    {"GET", "/2023-03-30/layers/{layerName}/versions/{version}", GetLayerVersion},
    {"DELETE", "/2023-03-30/layers/{layerName}/versions/{version}", DeleteLayerVersion},
    {"GET", "/2023-03-30/layerarn/{arn}", GetLayerVersionByArn},
    {"PUT", "/2023-03-30/layers/{layerName}/acl", PutLayerAcl},
    {"GET", "/2023-03-30/functions/{functionName}/instances", ListInstances},
    {"GET", "/2023-03-30/functions/{functionName}/instances/{instanceId}/exec", InstanceExec},

    {"GET", "/ebb/v1/status", GetStatus},
    {"GET", "/ebb/v1/instances", ListAllInstances},
    {"GET", "/ebb/v1/runtimes", ListRuntimes},
    {"GET", "/ebb/v1/usage", GetUsage},
    {"GET", "/ebb/v1/usage/records", ListUsageRecords},
    {"GET", "/ebb/v1/functions/{functionName}/logs", GetLogs},
    {"GET", "/ebb/v1/functions/{functionName}/template", GetTemplate},
    {"GET", "/ebb/v1/dead-letters", ListDeadLetters},
    {"GET", "/ebb/v1/dead-letters/{id}", GetDeadLetter},
    {"DELETE", "/ebb/v1/dead-letters/{id}", DeleteDeadLetter},
    {"POST", "/ebb/v1/dead-letters/{id}/redrive", RedriveDeadLetter},
};

std::string_view TakeSegment(std::string_view& path) {
  path.remove_prefix(1);  // The '/'.
  const std::string_view segment = path.substr(0, path.find('/'));
  path.remove_prefix(segment.size());
  return segment;
}

// nullopt when `path` is another path; what its placeholders hold otherwise.
std::optional<std::vector<std::string>> Fit(std::string_view pattern, std::string_view path) {
  std::vector<std::string> names;
  while (!pattern.empty() && path.starts_with('/')) {
    const std::string_view wanted = TakeSegment(pattern);
    const std::string_view given = TakeSegment(path);
    if (!wanted.starts_with('{')) {
      if (wanted != given) return std::nullopt;
      continue;
    }
    auto name = base::ParsePercent(given);
    if (!name || name->empty()) return std::nullopt;
    names.push_back(*std::move(name));
  }
  if (!pattern.empty() || !path.empty()) return std::nullopt;
  return names;
}

}  // namespace

std::span<const Route> Routes() { return kRoutes; }

Result<Match> FindRoute(std::span<const Route> routes, std::string_view method,
                        std::string_view path) {
  for (const Route& route : routes) {
    if (route.method != method) continue;
    if (auto names = Fit(route.pattern, path)) return Match{&route, *std::move(names)};
  }
  return Fail(Error::Invalid("'" + std::string(method) + "' against '" + std::string(path) +
                             "' is not supported")
                  .WithCode("PathNotSupported"));
}

}  // namespace ebb::api
