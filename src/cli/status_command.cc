// `ebb status`: where the server is and what it is doing.
#include "cli/answers.h"
#include "cli/human.h"
#include "cli/session.h"

namespace ebb::cli {
namespace {

Result<Exit> Status(Session& session) {
  auto client = session.Connect();
  if (!client) return Fail(client.error());
  Ask ask;
  ask.path = "/ebb/v1/status";
  auto status = (*client)->SendForJson(std::move(ask));
  if (!status) return Fail(status.error());
  if (session.json()) {
    session.PrintJson(*status);
    return Exit::kOk;
  }
  const json::object instances = ObjectAt(*status, "instances");
  const json::object queue = ObjectAt(*status, "queue");
  session.console.out << "ebb " << TextAt(*status, "version") << ", up for "
                      << FormatSeconds(WholeAt(*status, "uptimeSeconds")) << "\n"
                      << "API        " << TextAt(*status, "endpoint") << "\n"
                      << "S3         " << TextAt(*status, "s3Endpoint") << "\n"
                      << "functions  " << TextAt(*status, "functionsEndpoint") << "\n"
                      << "account    " << TextAt(*status, "accountId") << ", region "
                      << TextAt(*status, "region") << "\n"
                      << "deployed   " << TextAt(*status, "functions") << " functions\n"
                      << "instances  " << TextAt(instances, "busy") << " busy, "
                      << TextAt(instances, "idle") << " idle, " << TextAt(instances, "starting")
                      << " starting\n"
                      << "queue      " << TextAt(queue, "waiting") << " waiting, "
                      << TextAt(queue, "held") << " under way, " << TextAt(queue, "dead")
                      << " dead\n";
  return Exit::kOk;
}

}  // namespace

void AddStatus(CLI::App& app, Command& chosen) {
  CLI::App* sub = app.add_subcommand("status", "Where the server is and what it is doing");
  sub->callback([&chosen] { chosen = [](Session& session) { return Status(session); }; });
}

}  // namespace ebb::cli
