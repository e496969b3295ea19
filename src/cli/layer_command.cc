// `ebb layer`: what functions share at /opt.
#include "base/encoding.h"
#include "cli/answers.h"
#include "cli/code_zip.h"
#include "cli/human.h"
#include "cli/progress.h"
#include "cli/session.h"
#include "cli/table.h"

namespace ebb::cli {
namespace {

constexpr const char* kLayers = "/2023-03-30/layers";

struct Options {
  std::string name;
  std::string source;
  std::string description;
  std::vector<std::string> runtimes;
};

std::string VersionsOf(const std::string& layer) {
  return kLayers + ("/" + PathPart(layer)) + "/versions";
}

Result<Exit> Publish(Session& session, const Options& options) {
  auto client = session.Connect();
  if (!client) return Fail(client.error());
  auto bytes = LoadCode(options.source);
  if (!bytes) return Fail(bytes.error());
  Ask ask;
  ask.method = "POST";
  ask.path = VersionsOf(options.name);
  ask.body = json::serialize(json::object{
      {"description", options.description},
      {"compatibleRuntime", json::array(options.runtimes.begin(), options.runtimes.end())},
      {"code", json::object{{"zipFile", base::FormatBase64(*bytes)}}}});
  ProgressBar bar(session.console, options.name, ask.body.size());
  ask.on_sent = [&bar](std::size_t sent) { bar.Show(sent); };
  auto made = (*client)->SendForJson(std::move(ask));
  if (!made) return Fail(made.error());
  if (session.json()) {
    session.PrintJson(*made);
  } else {
    session.console.out << "published " << options.name << ":" << WholeAt(*made, "version") << " ("
                        << FormatBytes(WholeAt(*made, "codeSize")) << ")\n"
                        << TextAt(*made, "layerVersionArn") << "\n";
  }
  return Exit::kOk;
}

Result<json::array> ListVersions(Client& client, const std::string& layer) {
  json::array all;
  std::string start = "1";
  while (!start.empty()) {
    Ask ask;
    ask.path = VersionsOf(layer);
    ask.query = {{"startVersion", start}, {"limit", "100"}};
    auto page = client.SendForJson(std::move(ask));
    if (!page) return Fail(page.error());
    for (json::value& one : ArrayAt(*page, "layers")) all.push_back(std::move(one));
    start = page->contains("nextVersion") ? std::to_string(WholeAt(*page, "nextVersion")) : "";
  }
  return all;
}

Result<Exit> Ls(Session& session, const Options& options) {
  auto client = session.Connect();
  if (!client) return Fail(client.error());
  Ask ask;
  ask.path = kLayers;
  ask.query = {{"limit", "100"}};
  auto layers = options.name.empty() ? SendForAll(**client, std::move(ask), "layers")
                                     : ListVersions(**client, options.name);
  if (!layers) return Fail(layers.error());
  if (session.json()) {
    session.PrintJson(json::object{{"layers", *layers}});
    return Exit::kOk;
  }
  Table table({{"LAYER"}, {"SIZE", Align::kRight}, {"CREATED"}, {"DESCRIPTION"}, {"ARN"}});
  for (const json::value& one : *layers) {
    const json::object& l = one.get_object();
    table.Add({TextAt(l, "layerName") + ":" + TextAt(l, "version"),
               FormatBytes(WholeAt(l, "codeSize")), TextAt(l, "createTime"),
               TextAt(l, "description"), TextAt(l, "layerVersionArn")});
  }
  session.console.out << table.Format();
  return Exit::kOk;
}

Result<Exit> Rm(Session& session, const Options& options) {
  auto client = session.Connect();
  if (!client) return Fail(client.error());
  const std::size_t colon = options.name.rfind(':');
  if (colon == std::string::npos) {
    return Fail(Error::Invalid("name the version too: " + options.name + ":VERSION"));
  }
  Ask ask;
  ask.method = "DELETE";
  ask.path =
      VersionsOf(options.name.substr(0, colon)) + "/" + PathPart(options.name.substr(colon + 1));
  auto done = (*client)->SendForBody(std::move(ask));
  if (!done) return Fail(done.error());
  if (session.json()) {
    session.PrintJson(json::object{{"removed", options.name}});
  } else {
    session.console.out << "removed " << options.name << "; functions that use it keep it\n";
  }
  return Exit::kOk;
}

}  // namespace

void AddLayer(CLI::App& app, Command& chosen) {
  auto options = std::make_shared<Options>();
  CLI::App* layer = app.add_subcommand("layer", "What functions share at /opt");
  layer->require_subcommand(1);
  CLI::App* publish =
      layer->add_subcommand("publish", "Upload a folder as the layer's next version");
  publish->add_option("NAME", options->name, "The layer's")->required();
  publish->add_option("FOLDER", options->source, "What is to be at /opt, or an archive of it")
      ->required();
  publish->add_option("--description", options->description, "For people to read");
  publish->add_option("--runtime", options->runtimes, "One that it is meant for; may be repeated");
  publish->callback([&chosen, options] {
    chosen = [options](Session& session) { return Publish(session, *options); };
  });
  CLI::App* list = layer->add_subcommand("ls", "List layers, or the versions of one");
  list->add_option("NAME", options->name, "The versions of this one");
  list->callback([&chosen, options] {
    chosen = [options](Session& session) { return Ls(session, *options); };
  });
  CLI::App* rm = layer->add_subcommand("rm", "Remove a version");
  rm->add_option("NAME:VERSION", options->name, "As listed")->required();
  rm->callback([&chosen, options] {
    chosen = [options](Session& session) { return Rm(session, *options); };
  });
  for (CLI::App* sub : {publish, list, rm}) sub->fallthrough();
}

}  // namespace ebb::cli
