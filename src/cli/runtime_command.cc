// `ebb runtime ls`: what the host has of each runtime, and who runs on what.
#include "cli/answers.h"
#include "cli/session.h"
#include "cli/table.h"

namespace ebb::cli {
namespace {

// "resize@3 (2), thumbs@1 (1)".
std::string FormatUsers(const json::array& functions) {
  std::string text;
  for (const json::value& one : functions) {
    const json::object& f = one.get_object();
    if (!text.empty()) text += ", ";
    text +=
        TextAt(f, "function") + "@" + TextAt(f, "revision") + " (" + TextAt(f, "instances") + ")";
  }
  return text.empty() ? "-" : text;
}

Result<Exit> Ls(Session& session) {
  auto client = session.Connect();
  if (!client) return Fail(client.error());
  Ask ask;
  ask.path = "/ebb/v1/runtimes";
  auto answer = (*client)->SendForJson(std::move(ask));
  if (!answer) return Fail(answer.error());
  if (session.json()) {
    session.PrintJson(*answer);
    return Exit::kOk;
  }
  Table table({{"RUNTIME"},
               {"BUILD"},
               {"VERSION"},
               {"STATE"},
               {"SINCE"},
               {"INSTANCES", Align::kRight},
               {"FUNCTION@REVISION"}});
  std::string notes;
  for (const json::value& one : ArrayAt(*answer, "runtimes")) {
    const json::object& runtime = one.get_object();
    const std::string name = TextAt(runtime, "name");
    for (const json::value& of : ArrayAt(runtime, "builds")) {
      const json::object& build = of.get_object();
      const json::value* current = build.if_contains("current");
      const bool is_current = current != nullptr && current->is_bool() && current->get_bool();
      const std::string version = TextAt(build, "version");
      table.Add({name, TextAt(build, "id"), version.empty() ? "-" : version,
                 is_current ? "current" : "older", TextAt(build, "since"),
                 TextAt(build, "instances"), FormatUsers(ArrayAt(build, "functions"))});
    }
    const json::object host = ObjectAt(runtime, "host");
    if (TextAt(host, "state") == "settling") {
      notes += name + ": the host has build " + TextAt(host, "build") +
               " by now; it is used when the upgrade is over\n";
    } else if (TextAt(host, "state") == "refused") {
      notes += name + ": the host has build " + TextAt(host, "build") +
               " by now, which is not used: " + TextAt(host, "reason") + "\n";
    }
  }
  session.console.out << table.Format() << notes;
  return Exit::kOk;
}

}  // namespace

void AddRuntime(CLI::App& app, Command& chosen) {
  CLI::App* runtime = app.add_subcommand("runtime", "The host's runtimes, and who runs on what");
  runtime->require_subcommand(1);
  CLI::App* list = runtime->add_subcommand(
      "ls", "List the builds of each runtime that instances run on, the current one first");
  list->callback([&chosen] { chosen = [](Session& session) { return Ls(session); }; });
  list->fallthrough();
}

}  // namespace ebb::cli
