// `ebb ls`: what is deployed.
#include <fmt/format.h>

#include "cli/answers.h"
#include "cli/human.h"
#include "cli/session.h"
#include "cli/table.h"
#include "cli/trigger_text.h"

namespace ebb::cli {
namespace {

struct Options {
  bool long_form = false;
  std::string prefix;
};

Result<json::array> ListTriggers(Client& client, const std::string& function) {
  Ask ask;
  ask.path = "/2023-03-30/functions/" + PathPart(function) + "/triggers";
  return SendForAll(client, std::move(ask), "triggers");
}

void PrintFunctions(const Session& session, const json::array& functions) {
  Table table({{"NAME"},
               {"RUNTIME"},
               {"HANDLER"},
               {"CPU", Align::kRight},
               {"MEMORY", Align::kRight},
               {"TIMEOUT", Align::kRight},
               {"CODE", Align::kRight},
               {"MODIFIED"}});
  for (const json::value& one : functions) {
    const json::object& f = one.get_object();
    table.Add({TextAt(f, "functionName"), TextAt(f, "runtime"), TextAt(f, "handler"),
               fmt::format("{:g}", NumberAt(f, "cpu")),
               fmt::format("{} MiB", WholeAt(f, "memorySize")),
               fmt::format("{} s", WholeAt(f, "timeout")), FormatBytes(WholeAt(f, "codeSize")),
               TextAt(f, "lastModifiedTime")});
  }
  session.console.out << table.Format();
}

void PrintTriggers(const Session& session, const json::array& functions) {
  Table table({{"FUNCTION"}, {"TRIGGER"}, {"TYPE"}, {"WHEN"}});
  bool any = false;
  for (const json::value& one : functions) {
    const json::object& f = one.get_object();
    for (const json::value& trigger : ArrayAt(f, "triggers")) {
      const json::object& t = trigger.get_object();
      table.Add({TextAt(f, "functionName"), TextAt(t, "triggerName"), TextAt(t, "triggerType"),
                 DescribeTrigger(t)});
      any = true;
    }
  }
  if (any) session.console.out << "\n" << table.Format();
}

Result<Exit> Ls(Session& session, const Options& options) {
  auto client = session.Connect();
  if (!client) return Fail(client.error());
  Ask ask;
  ask.path = "/2023-03-30/functions";
  ask.query = {{"prefix", options.prefix}, {"limit", "100"}};
  auto functions = SendForAll(**client, std::move(ask), "functions");
  if (!functions) return Fail(functions.error());
  if (options.long_form) {
    for (json::value& one : *functions) {
      auto triggers = ListTriggers(**client, TextAt(one.get_object(), "functionName"));
      if (!triggers) return Fail(triggers.error());
      one.get_object()["triggers"] = std::move(*triggers);
    }
  }
  if (session.json()) {
    session.PrintJson(json::object{{"functions", *functions}});
    return Exit::kOk;
  }
  PrintFunctions(session, *functions);
  if (options.long_form) PrintTriggers(session, *functions);
  return Exit::kOk;
}

}  // namespace

void AddLs(CLI::App& app, Command& chosen) {
  auto options = std::make_shared<Options>();
  CLI::App* sub = app.add_subcommand("ls", "List functions");
  sub->add_flag("-l,--long", options->long_form, "Also their triggers, with the URLs of http ones");
  sub->add_option("PREFIX", options->prefix, "Only functions whose names begin with this");
  sub->callback([&chosen, options] {
    chosen = [options](Session& session) { return Ls(session, *options); };
  });
}

}  // namespace ebb::cli
