// `ebb template FUNCTION`: whether its code is loaded once and forked, and if not why.
#include "cli/answers.h"
#include "cli/client.h"
#include "cli/session.h"

namespace ebb::cli {
namespace {

Result<Exit> Template(Session& session, const std::string& function) {
  auto client = session.Connect();
  if (!client) return Fail(client.error());
  Ask ask;
  ask.path = "/ebb/v1/functions/" + PathPart(function) + "/template";
  auto state = (*client)->SendForJson(std::move(ask));
  if (!state) return Fail(state.error());
  if (session.json()) {
    session.PrintJson(*state);
    return Exit::kOk;
  }
  const std::string stage = TextAt(*state, "stage");
  session.console.out << stage;
  if (stage == "ready") {
    session.console.out << ", " << TextAt(*state, "spares") << " spare, "
                        << (WholeAt(*state, "memoryBytes") >> 20) << " MiB";
  } else if (stage == "refused") {
    session.console.out << ": " << TextAt(*state, "reason");
  }
  session.console.out << "\n";
  return Exit::kOk;
}

}  // namespace

void AddTemplate(CLI::App& app, Command& chosen) {
  auto function = std::make_shared<std::string>();
  CLI::App* sub =
      app.add_subcommand("template", "Whether slow code of a function is loaded once and forked");
  sub->add_option("FUNCTION", *function, "Its name")->required();
  sub->callback([&chosen, function] {
    chosen = [function](Session& session) { return Template(session, *function); };
  });
}

}  // namespace ebb::cli
