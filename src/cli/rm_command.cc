// `ebb rm`: removes a function, or one of its triggers.
#include "cli/session.h"

namespace ebb::cli {
namespace {

struct Options {
  std::string function;
  std::string trigger;
};

Result<Exit> Rm(Session& session, const Options& options) {
  auto client = session.Connect();
  if (!client) return Fail(client.error());
  Ask ask;
  ask.method = "DELETE";
  ask.path = "/2023-03-30/functions/" + PathPart(options.function);
  if (!options.trigger.empty()) ask.path += "/triggers/" + PathPart(options.trigger);
  auto done = (*client)->SendForBody(std::move(ask));
  if (!done) return Fail(done.error());
  if (session.json()) {
    json::object removed{{"functionName", options.function}};
    if (!options.trigger.empty()) removed["triggerName"] = options.trigger;
    session.PrintJson(json::object{{"removed", std::move(removed)}});
  } else if (options.trigger.empty()) {
    session.console.out << "removed " << options.function << " and its triggers\n";
  } else {
    session.console.out << "removed trigger " << options.trigger << " of " << options.function
                        << "\n";
  }
  return Exit::kOk;
}

}  // namespace

void AddRm(CLI::App& app, Command& chosen) {
  auto options = std::make_shared<Options>();
  CLI::App* sub = app.add_subcommand("rm", "Remove a function with its triggers, or one trigger");
  sub->add_option("FUNCTION", options->function, "Its name")->required();
  sub->add_option("TRIGGER", options->trigger, "Remove only this trigger of it");
  sub->callback([&chosen, options] {
    chosen = [options](Session& session) { return Rm(session, *options); };
  });
}

}  // namespace ebb::cli
