// `ebb dead`: events that no attempt could handle: looks at them, puts them back, removes them.
#include "base/encoding.h"
#include "cli/answers.h"
#include "cli/human.h"
#include "cli/session.h"
#include "cli/table.h"

namespace ebb::cli {
namespace {

constexpr const char* kPath = "/ebb/v1/dead-letters";

struct Options {
  std::string function;
  std::vector<std::string> ids;
  int lines = 100;
};

Result<Exit> List(Session& session, const Options& options) {
  auto client = session.Connect();
  if (!client) return Fail(client.error());
  Ask ask;
  ask.path = kPath;
  ask.query = {{"function", options.function}, {"limit", "100"}};
  auto letters =
      SendForAll(**client, std::move(ask), "deadLetters", static_cast<std::size_t>(options.lines));
  if (!letters) return Fail(letters.error());
  if (session.json()) {
    session.PrintJson(json::object{{"deadLetters", std::move(*letters)}});
    return Exit::kOk;
  }
  Table table({{"ID", Align::kRight},
               {"FUNCTION"},
               {"TRIGGER"},
               {"TRIES", Align::kRight},
               {"DIED"},
               {"PAYLOAD", Align::kRight},
               {"REASON"}});
  for (const json::value& one : *letters) {
    const json::object& l = one.get_object();
    table.Add({TextAt(l, "id"), TextAt(l, "function"), TextAt(l, "trigger"), TextAt(l, "attempts"),
               TextAt(l, "died"), FormatBytes(WholeAt(l, "payloadBytes")), TextAt(l, "reason")});
  }
  session.console.out << table.Format();
  return Exit::kOk;
}

Result<Exit> Show(Session& session, const std::string& id) {
  auto client = session.Connect();
  if (!client) return Fail(client.error());
  Ask ask;
  ask.path = kPath + ("/" + PathPart(id));
  auto letter = (*client)->SendForJson(std::move(ask));
  if (!letter) return Fail(letter.error());
  if (session.json()) {
    session.PrintJson(*letter);
    return Exit::kOk;
  }
  std::string payload = TextAt(*letter, "payload");
  if (letter->contains("payloadBase64")) {
    payload = base::ParseBase64(TextAt(*letter, "payloadBase64")).value_or("");
  }
  Table table({{"ID"}, {id}});
  for (const char* name : {"requestId", "function", "trigger", "attempts", "enqueued", "died"}) {
    table.Add({name, TextAt(*letter, name)});
  }
  session.console.out << table.Format() << "\nreason:\n"
                      << TextAt(*letter, "reason") << "\n\npayload:\n"
                      << payload << "\n";
  return Exit::kOk;
}

Result<Exit> ForEach(Session& session, const Options& options, const std::string& method,
                     const std::string& suffix, const std::string& done) {
  auto client = session.Connect();
  if (!client) return Fail(client.error());
  for (const std::string& id : options.ids) {
    Ask ask;
    ask.method = method;
    ask.path = kPath + ("/" + PathPart(id)) + suffix;
    auto answer = (*client)->SendForBody(std::move(ask));
    if (!answer) return Fail(answer.error());
    if (!session.json()) session.console.out << done << " " << id << "\n";
  }
  if (session.json()) {
    session.PrintJson(json::object{{done, json::array(options.ids.begin(), options.ids.end())}});
  }
  return Exit::kOk;
}

}  // namespace

void AddDead(CLI::App& app, Command& chosen) {
  auto options = std::make_shared<Options>();
  CLI::App* dead = app.add_subcommand("dead", "Events that no attempt could handle");
  dead->require_subcommand(1);
  CLI::App* list = dead->add_subcommand("list", "List them, newest first");
  list->add_option("FUNCTION", options->function, "Only of this one");
  list->add_option("-n,--lines", options->lines, "At most so many")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  list->callback([&chosen, options] {
    chosen = [options](Session& session) { return List(session, *options); };
  });
  CLI::App* show = dead->add_subcommand("show", "One of them, with its payload");
  show->add_option("ID", options->ids, "As listed")->required()->expected(1);
  show->callback([&chosen, options] {
    chosen = [options](Session& session) { return Show(session, options->ids.front()); };
  });
  CLI::App* redrive = dead->add_subcommand("redrive", "Put them back, to be tried anew");
  redrive->add_option("ID", options->ids, "As listed")->required();
  redrive->callback([&chosen, options] {
    chosen = [options](Session& session) {
      return ForEach(session, *options, "POST", "/redrive", "redriven");
    };
  });
  CLI::App* rm = dead->add_subcommand("rm", "Remove them for good");
  rm->add_option("ID", options->ids, "As listed")->required();
  rm->callback([&chosen, options] {
    chosen = [options](Session& session) {
      return ForEach(session, *options, "DELETE", "", "removed");
    };
  });
  for (CLI::App* sub : {list, show, redrive, rm}) sub->fallthrough();
}

}  // namespace ebb::cli
