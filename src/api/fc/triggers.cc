#include "api/fc/triggers.h"

#include "api/fc/function_json.h"
#include "api/fc/functions.h"
#include "base/time_format.h"
#include "model/function_rules.h"
#include "model/trigger_config.h"

namespace ebb::api {
namespace {

using TriggerPtr = std::shared_ptr<const model::Trigger>;

json::object FormatTrigger(const Setup& setup, const model::Trigger& trigger) {
  json::object out{
      {"triggerName", trigger.name},
      {"triggerId", trigger.id},
      {"triggerType", ToString(trigger.type())},
      {"triggerConfig", trigger.config_json},
      {"description", trigger.description},
      {"qualifier", trigger.qualifier},
      {"sourceArn", trigger.source_arn},
      {"invocationRole", trigger.invocation_role},
      {"targetArn", FunctionArn(setup.config.region, trigger.account, trigger.function)},
      {"status", "Active"},
      {"createdTime", base::FormatIso(trigger.created)},
      {"lastModifiedTime", base::FormatIso(trigger.modified)},
  };
  if (trigger.type() == model::TriggerType::kHttp) {
    // There is one network here, so both URLs are the same.
    const std::string url = "http://" + trigger.id + "." + setup.config.functions_domain;
    out["httpTrigger"] = json::object{{"urlInternet", url}, {"urlIntranet", url}};
  }
  return out;
}

Answer Show(const Setup& setup, const Result<TriggerPtr>& trigger) {
  if (!trigger) return Fail(AsInvalidArgument(trigger.error()));
  return JsonAnswer(FormatTrigger(setup, **trigger));
}

// Applies the members of CreateTriggerInput or UpdateTriggerInput that are plain text.
Result<void> ApplyTexts(const json::object& input, model::Trigger& trigger) {
  const std::pair<std::string_view, std::string*> texts[] = {
      {"description", &trigger.description},
      {"qualifier", &trigger.qualifier},
      {"invocationRole", &trigger.invocation_role},
      {"sourceArn", &trigger.source_arn},
      {"triggerConfig", &trigger.config_json}};
  for (const auto& [name, slot] : texts) {
    auto text = json::String(input, name);
    if (!text) return Refuse(text.error().message());
    if (*text) *slot = **std::move(text);
  }
  if (trigger.qualifier.empty()) trigger.qualifier = model::kLatest;
  return CheckQualifier(trigger.function, trigger.qualifier);
}

// The trigger that the path names, its function being there.
Result<TriggerPtr> FindTrigger(const Setup& setup, const Ask& ask) {
  const auto snapshot = setup.services.catalog.snapshot();
  auto function = snapshot->FindFunction(ask.account, ask.names[0]);
  if (!function) return Fail(function.error());
  return snapshot->FindTrigger(ask.account, ask.names[0], ask.names[1]);
}

}  // namespace

Task<Answer> CreateTrigger(const Setup& setup, Ask ask) {
  auto function = setup.services.catalog.snapshot()->FindFunction(ask.account, ask.names[0]);
  if (!function) co_return Fail(function.error());
  auto input = ParseBody(ask);
  if (!input) co_return Fail(input.error());
  auto name = json::String(*input, "triggerName");
  if (!name) co_return Refuse(name.error().message());
  auto type = json::String(*input, "triggerType");
  if (!type) co_return Refuse(type.error().message());

  model::Trigger trigger;
  trigger.account = ask.account;
  trigger.function = ask.names[0];
  trigger.name = name->value_or("");
  if (auto ok = model::ValidateTriggerName(trigger.name); !ok) {
    co_return Fail(AsInvalidArgument(ok.error()));
  }
  if (auto ok = ApplyTexts(*input, trigger); !ok) co_return Fail(ok.error());
  auto source =
      model::ParseTriggerConfig(type->value_or(""), trigger.config_json, trigger.source_arn);
  if (!source) co_return Fail(AsInvalidArgument(source.error()));
  trigger.source = *std::move(source);
  auto made = co_await setup.services.catalog.CreateTrigger(std::move(trigger), {});
  co_return Show(setup, made);
}

Task<Answer> GetTrigger(const Setup& setup, Ask ask) {
  co_return Show(setup, FindTrigger(setup, ask));
}

Task<Answer> UpdateTrigger(const Setup& setup, Ask ask) {
  auto input = ParseBody(ask);
  if (!input) co_return Fail(input.error());
  auto found = FindTrigger(setup, ask);
  if (!found) co_return Fail(found.error());
  model::Trigger trigger = **found;
  if (auto ok = ApplyTexts(*input, trigger); !ok) co_return Fail(ok.error());
  auto source =
      model::ParseTriggerConfig(ToString(trigger.type()), trigger.config_json, trigger.source_arn);
  if (!source) co_return Fail(AsInvalidArgument(source.error()));
  trigger.source = *std::move(source);
  auto updated = co_await setup.services.catalog.UpdateTrigger(std::move(trigger), {});
  co_return Show(setup, updated);
}

Task<Answer> DeleteTrigger(const Setup& setup, Ask ask) {
  auto found = FindTrigger(setup, ask);
  if (!found) co_return Fail(found.error());
  auto deleted =
      co_await setup.services.catalog.DeleteTrigger(ask.account, ask.names[0], ask.names[1], {});
  if (!deleted) co_return Fail(deleted.error());
  co_return EmptyAnswer();
}

Task<Answer> ListTriggers(const Setup& setup, Ask ask) {
  const auto snapshot = setup.services.catalog.snapshot();
  auto function = snapshot->FindFunction(ask.account, ask.names[0]);
  if (!function) co_return Fail(function.error());
  auto limit = QueryLimit(ask);
  if (!limit) co_return Fail(limit.error());
  auto after = ParseToken(ask);
  if (!after) co_return Fail(after.error());
  const std::string prefix = QueryText(ask, "prefix").value_or("");

  json::array page;
  std::string last;
  json::object out;
  const auto& all = snapshot->triggers;
  for (auto at = all.upper_bound({ask.account, ask.names[0], after->value_or("")});
       at != all.end() && std::get<0>(at->first) == ask.account &&
       std::get<1>(at->first) == ask.names[0];
       ++at) {
    if (!at->second->name.starts_with(prefix)) continue;
    if (page.size() == static_cast<std::size_t>(*limit)) {
      out["nextToken"] = FormatToken(last);
      break;
    }
    last = at->second->name;
    page.push_back(FormatTrigger(setup, *at->second));
  }
  out["triggers"] = std::move(page);
  co_return JsonAnswer(out);
}

}  // namespace ebb::api
