// `ebb instances`: what lives on the node, and what lived.
#include "cli/answers.h"
#include "cli/human.h"
#include "cli/session.h"
#include "cli/table.h"

namespace ebb::cli {
namespace {

struct Options {
  std::string function;
  bool ended = false;
};

Result<Exit> Instances(Session& session, const Options& options) {
  auto client = session.Connect();
  if (!client) return Fail(client.error());
  Ask ask;
  ask.path = "/ebb/v1/instances";
  ask.query = {{"function", options.function}, {"ended", options.ended ? "true" : ""}};
  auto answer = (*client)->SendForJson(std::move(ask));
  if (!answer) return Fail(answer.error());
  if (session.json()) {
    session.PrintJson(*answer);
    return Exit::kOk;
  }
  Table table({{"INSTANCE"},
               {"FUNCTION"},
               {"RUNTIME"},
               {"STATE"},
               {"MEMORY", Align::kRight},
               {"STARTED BECAUSE"},
               {"PATH"},
               {"CREATED"},
               {"ENDED"}});
  for (const json::value& one : ArrayAt(*answer, "instances")) {
    const json::object& i = one.get_object();
    std::string ended = TextAt(i, "ended");
    if (!ended.empty()) ended += " (" + TextAt(i, "endedBy") + ")";
    table.Add({TextAt(i, "instanceId"), TextAt(i, "function"), TextAt(i, "runtime"),
               TextAt(i, "state"), TextAt(i, "memorySize") + " MB", TextAt(i, "cause"),
               TextAt(i, "path"), TextAt(i, "created"), std::move(ended)});
  }
  session.console.out << table.Format();
  return Exit::kOk;
}

}  // namespace

void AddInstances(CLI::App& app, Command& chosen) {
  auto options = std::make_shared<Options>();
  CLI::App* sub = app.add_subcommand("instances", "The instances there are, and why");
  sub->add_option("FUNCTION", options->function, "Only of this one");
  sub->add_flag("--ended", options->ended, "Also those that ended lately");
  sub->callback([&chosen, options] {
    chosen = [options](Session& session) { return Instances(session, *options); };
  });
}

}  // namespace ebb::cli
