// `ebb serve`: the server itself.
#include <algorithm>
#include <map>

#include "cli/session.h"
#include "server/config.h"
#include "server/serve.h"

namespace ebb::cli {
namespace {

struct Options {
  std::string file;
  std::map<std::string, std::string> flags;  // By key; only those that were given.
  bool print = false;
  bool check = false;
};

std::string FlagOf(std::string key) {
  std::ranges::replace(key, '_', '-');
  return "--" + key;
}

Result<Exit> RunServe(Session& session, const Options& options) {
  std::optional<base::Path> file;
  if (!options.file.empty()) file = options.file;
  server::Flags flags(options.flags.begin(), options.flags.end());
  // `ebb --data x serve` means the same as `ebb serve --data x`.
  const bool said_before = session.place.data != PlaceOptions{}.data;
  if (said_before && !options.flags.contains("data")) {
    flags.emplace_back("data", session.place.data.string());
  }
  auto loaded = server::LoadConfig(file, flags);
  if (!loaded) return Fail(loaded.error());
  if (options.print) session.console.out << server::FormatConfig(*loaded);
  if (options.check && !options.print) session.console.out << "the configuration is fine\n";
  if (options.print || options.check) return Exit::kOk;
  auto served = server::Serve(loaded->config, session.console.out);
  if (!served) return Fail(served.error());
  return Exit::kOk;
}

}  // namespace

void AddServe(CLI::App& app, Command& chosen) {
  auto options = std::make_shared<Options>();
  CLI::App* sub = app.add_subcommand("serve", "Run the server");
  sub->add_option("--config", options->file, "A YAML file with these settings, keys with '_'");
  sub->add_flag("--print-config", options->print, "Print every setting and where it came from");
  sub->add_flag("--check-config", options->check, "Check the configuration and end");
  for (const server::Setting& setting : server::Settings()) {
    const std::string key = setting.key;
    sub->add_option_function<std::string>(
           FlagOf(key), [options, key](const std::string& value) { options->flags[key] = value; },
           setting.help)
        ->default_str(setting.get({}));
  }
  sub->callback([&chosen, options] {
    chosen = [options](Session& session) { return RunServe(session, *options); };
  });
}

}  // namespace ebb::cli
