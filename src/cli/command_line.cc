#include "cli/command_line.h"

#include <algorithm>

#include "server/version.h"

namespace ebb::cli {
namespace {

constexpr const char* kCommandFooter =
    "Also --json, --data and the other options of `ebb --help`, which has the exit codes, too.";

void AddCommonOptions(CLI::App& app, Session& session, bool& json) {
  app.set_version_flag("--version", std::string("ebb ") + server::kVersion);
  app.add_flag("--json", json, "Print JSON instead of tables");
  app.add_option("--endpoint", session.place.endpoint,
                 "Server to talk to; else EBB_ENDPOINT, else <data>/cli.json");
  app.add_option("--access-key-id", session.place.access_key_id, "Else EBB_ACCESS_KEY_ID, else …");
  app.add_option("--access-key-secret", session.place.access_key_secret,
                 "Else EBB_ACCESS_KEY_SECRET, else …");
  app.add_option("--data", session.place.data, "Data folder of a server on this machine")
      ->capture_default_str();
}

}  // namespace

Exit RunCommandLine(std::vector<std::string> arguments, Session& session) {
  CLI::App app("Ebb: functions that run on events, in isolation, and cost nothing when idle.",
               "ebb");
  app.footer(kExitHelp);
  app.require_subcommand(1);
  app.fallthrough();
  bool json = false;
  Command chosen;
  AddCommonOptions(app, session, json);
  AddServe(app, chosen);
  AddDeploy(app, chosen);
  AddInvoke(app, chosen);
  AddLs(app, chosen);
  AddRm(app, chosen);
  AddLogs(app, chosen);
  AddUsage(app, chosen);
  AddInstances(app, chosen);
  AddExec(app, chosen);
  AddDead(app, chosen);
  AddLayer(app, chosen);
  AddRuntime(app, chosen);
  AddStatus(app, chosen);
  AddTemplate(app, chosen);
  for (CLI::App* command : app.get_subcommands({})) command->footer(kCommandFooter);
  try {
    std::ranges::reverse(arguments);  // As CLI11 wants them.
    app.parse(std::move(arguments));
  } catch (const CLI::ParseError& e) {  // The library's way of saying so; help and version too.
    return app.exit(e, session.console.out, session.console.err) == 0 ? Exit::kOk : Exit::kUsage;
  }
  session.output = json ? Output::kJson : Output::kText;
  auto exit = chosen(session);
  session.console.out << std::flush;
  if (exit) return *exit;
  session.console.err << FormatError(exit.error());
  return ExitOf(exit.error());
}

}  // namespace ebb::cli
