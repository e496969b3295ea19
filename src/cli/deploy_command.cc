// `ebb deploy`: brings what an s.yaml describes onto the server.
#include "cli/answers.h"
#include "cli/deployer.h"
#include "cli/session.h"

namespace ebb::cli {
namespace {

struct Options {
  std::string file = "s.yaml";
  bool remove_triggers = false;
  std::vector<std::string> resources;
};

std::string Joined(const std::vector<std::string>& texts) {
  std::string out;
  for (const std::string& text : texts) {
    if (!text.empty()) out += (out.empty() ? "" : ", ") + text;
  }
  return out;
}

void PrintOutcomes(const Session& session, const std::vector<Outcome>& outcomes) {
  if (session.json()) {
    json::array list;
    for (const Outcome& one : outcomes) {
      list.push_back({{"kind", one.kind},
                      {"name", one.name},
                      {"action", one.action},
                      {"notes", json::array(one.notes.begin(), one.notes.end())}});
    }
    session.PrintJson(json::object{{"deployed", std::move(list)}});
    return;
  }
  for (const Outcome& one : outcomes) {
    const std::string notes = Joined(one.notes);
    session.console.out << one.kind << " " << one.name << " " << one.action
                        << (notes.empty() ? "" : ": " + notes) << "\n";
  }
}

Result<DeployFile> Load(Session& session, Client& client, const Options& options) {
  auto text = base::ReadFile(options.file);
  if (!text) return Fail(text.error());
  // Only the server knows the account; asking it also finds out early that it is not there.
  Ask ask;
  ask.path = "/ebb/v1/status";
  auto status = client.SendForJson(std::move(ask));
  if (!status) return Fail(status.error());
  return ParseDeployFile(*text, options.file, {session.environment, TextAt(*status, "accountId")});
}

bool Chosen(const FunctionSpec& function, const Options& options) {
  return options.resources.empty() ||
         std::ranges::find(options.resources, function.resource) != options.resources.end();
}

Result<void> CheckResources(const DeployFile& file, const Options& options) {
  for (const std::string& name : options.resources) {
    if (!std::ranges::any_of(file.functions,
                             [&](const FunctionSpec& f) { return f.resource == name; })) {
      return Fail(Error::NotFound(options.file + " has no resource '" + name + "'"));
    }
  }
  return {};
}

Result<Exit> Deploy(Session& session, const Options& options) {
  auto client = session.Connect();
  if (!client) return Fail(client.error());
  auto file = Load(session, **client, options);
  if (!file) return Fail(file.error());
  if (auto checked = CheckResources(*file, options); !checked) return Fail(checked.error());
  Deployer deployer(**client, session.console, base::Path(options.file).parent_path(),
                    options.remove_triggers ? Extra::kRemove : Extra::kKeep);
  std::vector<Outcome> outcomes;
  Result<void> done;
  for (const FunctionSpec& function : file->functions) {
    if (done && Chosen(function, options)) done = deployer.Deploy(function, outcomes);
  }
  PrintOutcomes(session, outcomes);
  if (!done) return Fail(done.error());
  return Exit::kOk;
}

}  // namespace

void AddDeploy(CLI::App& app, Command& chosen) {
  auto options = std::make_shared<Options>();
  CLI::App* sub = app.add_subcommand("deploy", "Deploy what an s.yaml describes");
  sub->add_option("RESOURCE", options->resources, "Only these resources of it");
  sub->add_option("-f,--file", options->file, "In the form of Serverless Devs' fc3 component")
      ->capture_default_str();
  sub->add_flag("--remove-triggers", options->remove_triggers,
                "Remove triggers of these functions that the file does not have");
  sub->callback([&chosen, options] {
    chosen = [options](Session& session) { return Deploy(session, *options); };
  });
}

}  // namespace ebb::cli
