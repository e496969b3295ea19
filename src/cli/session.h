// cli/session.h
// What every client command has: where to write, what all commands take, and the server.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/json.h"
#include "base/random.h"
#include "cli/client.h"
#include "cli/console.h"
#include "cli/exit.h"
#include "cli/place.h"

namespace ebb::cli {

enum class Output { kText, kJson };

class Session {
 public:
  Session(Console& out, const Clock& now, Random& bytes, Environment env)
      : console(out), clock(now), random(bytes), environment(std::move(env)) {}

  // Finds the server at the first call; does not talk to it yet.
  Result<Client*> Connect();

  bool json() const { return output == Output::kJson; }
  void PrintJson(const json::value& value) const;

  // What was given to --since.  None for what is no age and no time: that is said on the console.
  std::optional<WallTime> ReadSince(const std::string& text) const;

  Console& console;
  const Clock& clock;
  Random& random;
  Environment environment;
  PlaceOptions place;
  Output output = Output::kText;

 private:
  std::unique_ptr<Client> client_;
};

// What a parsed command line has chosen to do.  An Error is printed, its ExitOf returned.
using Command = std::function<Result<Exit>(Session& session)>;

// Each adds a subcommand that sets `chosen` when it is the one on the command line.
void AddServe(CLI::App& app, Command& chosen);
void AddDeploy(CLI::App& app, Command& chosen);
void AddLs(CLI::App& app, Command& chosen);
void AddRm(CLI::App& app, Command& chosen);
void AddInvoke(CLI::App& app, Command& chosen);
void AddLogs(CLI::App& app, Command& chosen);
void AddUsage(CLI::App& app, Command& chosen);
void AddInstances(CLI::App& app, Command& chosen);
void AddExec(CLI::App& app, Command& chosen);
void AddDead(CLI::App& app, Command& chosen);
void AddLayer(CLI::App& app, Command& chosen);
void AddRuntime(CLI::App& app, Command& chosen);
void AddStatus(CLI::App& app, Command& chosen);
void AddTemplate(CLI::App& app, Command& chosen);

}  // namespace ebb::cli
