#include "api/fc/functions.h"

#include <algorithm>

#include "api/fc/container.h"
#include "api/fc/dns_input.h"
#include "api/fc/function_json.h"
#include "api/fc/layers.h"
#include "model/function_rules.h"

namespace ebb::api {
namespace {

using FunctionPtr = std::shared_ptr<const model::Function>;

void Use(const packages::Package& package, model::FunctionConfig& config) {
  config.package_hash = package.hash;
  config.package_crc64 = package.crc64;
  config.package_bytes = package.bytes;
}

Answer Show(const Setup& setup, const Result<FunctionPtr>& function) {
  if (!function) return Fail(AsInvalidArgument(function.error()));
  return JsonAnswer(FormatFunction(**function, setup.config.region));
}

bool IsContainer(const std::string& runtime) {
  return model::RuntimeKindOf(runtime) == model::RuntimeKind::kContainer;
}

void Use(const Container& container, model::FunctionConfig& config) {
  config.container = container.config;
  config.custom.health = container.health;
  if (container.port) config.custom.port = *container.port;
}

// What `input` says of an image, for a function whose runtime will be `runtime`.
Result<std::optional<Container>> TakeContainer(const json::object& input,
                                               const std::string& runtime) {
  auto container = ParseContainer(input);
  if (!container || !*container || IsContainer(runtime)) return container;
  return Refuse("customContainerConfig is for runtime custom-container only");
}

// So that a package is never copied.
json::value MoveOutCode(json::object& input) {
  json::value code = std::move(input["code"]);
  input.erase("code");
  return code;
}

// What ListFunctions filters by.
struct FunctionFilter {
  std::string prefix;
  std::string name;
  std::string description;
  std::string runtime;

  bool Wants(const model::FunctionConfig& config) const {
    return config.name.starts_with(prefix) && config.name.contains(name) &&
           config.description.contains(description) &&
           (runtime.empty() || config.runtime == runtime);
  }
};

Result<FunctionFilter> ParseFilter(const Ask& ask) {
  for (const char* absent : {"tags", "gpuType", "resourceGroupId"}) {
    if (QueryText(ask, absent)) return Refuse(std::string(absent) + " is not supported");
  }
  return FunctionFilter{
      QueryText(ask, "prefix").value_or(""), QueryText(ask, "functionName").value_or(""),
      QueryText(ask, "description").value_or(""), QueryText(ask, "runtime").value_or("")};
}

}  // namespace

Result<void> CheckQualifier(const std::string& function, const std::string& qualifier) {
  if (qualifier.empty() || qualifier == model::kLatest) return {};
  const bool version = std::ranges::all_of(qualifier, [](char c) { return c >= '0' && c <= '9'; });
  return Fail(Error::NotFound((version ? "version '" : "alias '") + qualifier + "' of function '" +
                              function + "' does not exist.")
                  .WithCode(version ? "VersionNotFound" : "AliasNotFound"));
}

Result<FunctionPtr> FindFunction(const Setup& setup, const Ask& ask) {
  auto found = setup.services.catalog.snapshot()->FindFunction(ask.account, ask.names[0]);
  if (!found) return found;
  auto known = CheckQualifier(ask.names[0], QueryText(ask, "qualifier").value_or(""));
  if (!known) return Fail(known.error());
  return found;
}

Task<Answer> CreateFunction(const Setup& setup, Ask ask) {
  auto input = co_await ParseLargeBody(setup, ask);
  if (!input) co_return Fail(input.error());
  model::FunctionConfig config;
  auto name = json::String(*input, "functionName");
  if (!name) co_return Refuse(name.error().message());
  config.name = name->value_or("");
  if (auto ok = ApplyFunctionInput(*input, config); !ok) co_return Fail(ok.error());
  auto layers = TakeLayers(setup, ask.account, *input, {});
  if (!layers) co_return Fail(layers.error());
  config.layers = layers->value_or(config.layers);
  auto container = TakeContainer(*input, config.runtime);
  if (!container) co_return Fail(container.error());
  if (*container) Use(**container, config);
  if (auto ok = model::Validate(config); !ok) co_return Fail(AsInvalidArgument(ok.error()));
  if (auto ok = CheckReachable(config.dns, setup.config.egress_allow); !ok) {
    co_return Fail(ok.error());
  }
  // Before a hundred megabytes are unpacked for nothing.  The write decides; see Catalog.
  if (setup.services.catalog.snapshot()->FindFunction(ask.account, config.name)) {
    co_return Fail(Error::Conflict("function '" + config.name + "' already exists.")
                       .WithCode("FunctionAlreadyExists"));
  }
  auto package = co_await TakeCode(setup, ask.account, MoveOutCode(*input));
  if (!package) co_return Fail(package.error());
  if (!*package && !*container) {
    co_return Refuse("code is needed: zipFile, or ossBucketName and ossObjectName");
  }
  if (*package && *container) co_return Refuse("code is not for runtime custom-container");
  if (*package) Use(**package, config);
  images::Hold hold;
  if (*container) {
    auto pulled = co_await PullContainer(setup, **std::move(container));
    if (!pulled) co_return Fail(pulled.error());
    Use(*pulled, config);
    hold = std::move(pulled->hold);
  }
  auto made = co_await setup.services.catalog.CreateFunction(ask.account, std::move(config));
  co_return Show(setup, made);
}

Task<Answer> GetFunction(const Setup& setup, Ask ask) {
  co_return Show(setup, FindFunction(setup, ask));
}

Task<Answer> UpdateFunction(const Setup& setup, Ask ask) {
  auto input = co_await ParseLargeBody(setup, ask);
  if (!input) co_return Fail(input.error());
  auto found = FindFunction(setup, ask);
  if (!found) co_return Fail(found.error());
  auto package = co_await TakeCode(setup, ask.account, MoveOutCode(*input));
  if (!package) co_return Fail(package.error());
  auto runtime = json::String(*input, "runtime");
  if (!runtime) co_return Refuse(runtime.error().message());
  auto container = TakeContainer(*input, runtime->value_or((*found)->config.runtime));
  if (!container) co_return Fail(container.error());
  if (*package && IsContainer(runtime->value_or((*found)->config.runtime))) {
    co_return Refuse("code is not for runtime custom-container");
  }
  if (*container) {
    auto pulled = co_await PullContainer(setup, **std::move(container));
    if (!pulled) co_return Fail(pulled.error());
    *container = *std::move(pulled);
  }
  auto layers = TakeLayers(setup, ask.account, *input, (*found)->config.layers);
  if (!layers) co_return Fail(layers.error());
  auto change = [&setup, input = *std::move(input), layers = *std::move(layers),
                 container = *container,
                 package = *std::move(package)](model::FunctionConfig& config) -> Result<void> {
    if (auto ok = ApplyFunctionInput(input, config); !ok) return ok;
    if (package) Use(*package, config);
    if (layers) config.layers = *layers;
    if (container) Use(*container, config);
    if (!IsContainer(config.runtime) && config.package_hash.empty()) {
      return Refuse("code is needed: zipFile, or ossBucketName and ossObjectName");
    }
    if (auto ok = model::Validate(config); !ok) return ok;
    // A server that is refused now, by an operator who has thought again, keeps nobody from
    // changing something else.
    if (!input.contains("customDNS")) return {};
    return CheckReachable(config.dns, setup.config.egress_allow);
  };
  auto updated =
      co_await setup.services.catalog.UpdateFunction(ask.account, ask.names[0], std::move(change));
  co_return Show(setup, updated);
}

Task<Answer> DeleteFunction(const Setup& setup, Ask ask) {
  queue::Queue* queue = &setup.services.queue;
  // Its messages would only be tried, fail and become dead letters of nothing.
  auto forget = [queue, account = ask.account, name = ask.names[0]](store::Transaction& tx) {
    return queue->ForgetFunctionIn(tx, account, name);
  };
  auto deleted =
      co_await setup.services.catalog.DeleteFunction(ask.account, ask.names[0], std::move(forget));
  if (!deleted) co_return Fail(deleted.error());
  co_return EmptyAnswer();
}

Task<Answer> ListFunctions(const Setup& setup, Ask ask) {
  auto limit = QueryLimit(ask);
  if (!limit) co_return Fail(limit.error());
  auto after = ParseToken(ask);
  if (!after) co_return Fail(after.error());
  auto filter = ParseFilter(ask);
  if (!filter) co_return Fail(filter.error());

  const auto snapshot = setup.services.catalog.snapshot();
  const auto& all = snapshot->functions;
  json::array page;
  std::string last;
  json::object out;
  for (auto at = all.upper_bound({ask.account, after->value_or("")});
       at != all.end() && at->first.first == ask.account; ++at) {
    if (!filter->Wants(at->second->config)) continue;
    if (page.size() == static_cast<std::size_t>(*limit)) {
      out["nextToken"] = FormatToken(last);
      break;
    }
    last = at->first.second;
    page.push_back(FormatFunction(*at->second, setup.config.region));
  }
  out["functions"] = std::move(page);
  co_return JsonAnswer(out);
}

}  // namespace ebb::api
