// `ebb logs`: what a function printed, once or as it comes.
#include "base/time_format.h"
#include "cli/answers.h"
#include "cli/session.h"

namespace ebb::cli {
namespace {

struct Options {
  std::string function;
  std::string since;
  std::string request_id;
  int lines = 1000;
  bool follow = false;
};

// Takes NDJSON in pieces of any size and prints it line by line.
class LinePrinter {
 public:
  explicit LinePrinter(const Session& session) : session_(session) {}

  void Add(std::string_view bytes) {
    rest_.append(bytes);
    std::size_t begin = 0;
    while (true) {
      const std::size_t end = rest_.find('\n', begin);
      if (end == std::string::npos) break;
      Print(std::string_view(rest_).substr(begin, end - begin));
      begin = end + 1;
    }
    rest_.erase(0, begin);
    session_.console.out << std::flush;
  }

 private:
  void Print(std::string_view line) {
    if (line.empty()) return;
    if (session_.json()) {
      session_.console.out << line << "\n";
      return;
    }
    const json::object object = json::ParseObject(line).value_or(json::object());
    session_.console.out << TextAt(object, "time") << " " << TextAt(object, "requestId") << " "
                         << TextAt(object, "message") << "\n";
  }

  const Session& session_;
  std::string rest_;
};

Result<Exit> Logs(Session& session, const Options& options) {
  Ask ask;
  if (!options.since.empty()) {
    const auto since = session.ReadSince(options.since);
    if (!since) return Exit::kUsage;
    ask.query.emplace_back("since", base::FormatIsoMillis(*since));
  }
  auto client = session.Connect();
  if (!client) return Fail(client.error());
  ask.path = "/ebb/v1/functions/" + PathPart(options.function) + "/logs";
  ask.query.emplace_back("requestId", options.request_id);
  ask.query.emplace_back("limit", std::to_string(options.lines));
  ask.query.emplace_back("follow", options.follow ? "true" : "");
  LinePrinter printer(session);
  auto done =
      (*client)->SendAndFollow(std::move(ask), [&](std::string_view bytes) { printer.Add(bytes); });
  if (!done) return Fail(done.error());
  if (options.follow) {  // Only the server ends that.
    return Fail(Error::Unavailable("the server is stopping").WithCode(kUnreachableCode));
  }
  return Exit::kOk;
}

}  // namespace

void AddLogs(CLI::App& app, Command& chosen) {
  auto options = std::make_shared<Options>();
  CLI::App* sub = app.add_subcommand("logs", "Print what a function has printed");
  sub->add_option("FUNCTION", options->function, "Its name")->required();
  sub->add_flag("-f,--follow", options->follow, "Go on with what it prints, until Ctrl-C");
  sub->add_option("--since", options->since, "An age (10m, 2h) or a time (2026-11-23T20:00:00Z)");
  sub->add_option("--request-id", options->request_id, "Only of this request");
  sub->add_option("-n,--lines", options->lines, "At most the newest so many")
      ->capture_default_str()
      ->check(CLI::Range(1, 10'000));  // The API's limit.
  sub->callback([&chosen, options] {
    chosen = [options](Session& session) { return Logs(session, *options); };
  });
}

}  // namespace ebb::cli
