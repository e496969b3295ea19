#include "api/ebb/template.h"

namespace ebb::api {
namespace {

const char* ToString(sandbox::TemplateState::Stage stage) {
  switch (stage) {
    case sandbox::TemplateState::Stage::kWanted:
      return "wanted";
    case sandbox::TemplateState::Stage::kLoading:
      return "loading";
    case sandbox::TemplateState::Stage::kReady:
      return "ready";
    case sandbox::TemplateState::Stage::kRefused:
      return "refused";
  }
  return "none";
}

}  // namespace

Task<Answer> GetTemplate(const Setup& setup, Ask ask) {
  auto function = setup.services.catalog.snapshot()->FindFunction(ask.account, ask.names[0]);
  if (!function) co_return Fail(function.error());
  const auto state = setup.services.scheduler.TemplateOf({(*function)->id, (*function)->revision});
  if (!state) co_return JsonAnswer({{"stage", "none"}});
  json::object body{{"stage", ToString(state->stage)},
                    {"spares", state->spares},
                    {"memoryBytes", state->memory_bytes}};
  if (!state->why.empty()) body["reason"] = state->why;
  co_return JsonAnswer(body);
}

}  // namespace ebb::api
