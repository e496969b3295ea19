// `ebb invoke`: runs a function and prints what it returns.
#include <iostream>
#include <iterator>

#include "base/encoding.h"
#include "cli/answers.h"
#include "cli/session.h"

namespace ebb::cli {
namespace {

struct Options {
  std::string function;
  std::string payload;
  bool async = false;
  bool log = false;
};

// The argument itself, "@file", or "-" for standard input.
Result<std::string> LoadPayload(const std::string& argument) {
  if (argument == "-") return std::string(std::istreambuf_iterator<char>(std::cin), {});
  if (argument.starts_with('@')) return base::ReadFile(argument.substr(1));
  return argument;
}

std::string HeaderOf(const Answer& answer, std::string_view name) {
  return std::string(answer.headers.Get(name).value_or(""));
}

std::string LogOf(const Answer& answer) {
  return base::ParseBase64(HeaderOf(answer, "x-fc-log-result")).value_or("");
}

void PrintAsJson(const Session& session, const Answer& answer) {
  json::object out{{"requestId", HeaderOf(answer, "x-fc-request-id")}};
  const std::pair<const char*, const char*> members[] = {
      {"errorType", "x-fc-error-type"},
      {"instanceId", "x-fc-instance-id"},
      {"durationMs", "x-fc-invocation-duration"},
      {"maxMemoryMb", "x-fc-max-memory-usage"},
  };
  for (const auto& [name, header] : members) {
    if (answer.headers.Has(header)) out[name] = HeaderOf(answer, header);
  }
  if (answer.headers.Has("x-fc-log-result")) out["log"] = LogOf(answer);
  if (base::IsUtf8(answer.body)) {
    out["body"] = answer.body;
  } else {
    out["bodyBase64"] = base::FormatBase64(answer.body);
  }
  session.PrintJson(out);
}

// The log before the body: both may go to the same terminal, and the body has no line end.
Exit PrintAnswer(const Session& session, const Options& options, const Answer& answer) {
  const std::string failed = HeaderOf(answer, "x-fc-error-type");
  const std::string request_id = HeaderOf(answer, "x-fc-request-id");
  if (session.json()) {
    PrintAsJson(session, answer);
    return failed.empty() ? Exit::kOk : Exit::kFailed;
  }
  if (options.async) {
    session.console.out << request_id << "\n";
    return Exit::kOk;
  }
  if (options.log) session.console.err << LogOf(answer) << std::flush;
  session.console.out << answer.body;
  if (!failed.empty() || session.console.out_is_terminal) session.console.out << "\n";
  if (failed.empty()) return Exit::kOk;
  session.console.out << std::flush;
  session.console.err << "ebb: the function failed (" << failed << ").  Its log: ebb logs "
                      << options.function << " --request-id " << request_id << "\n";
  return Exit::kFailed;
}

Result<Exit> Invoke(Session& session, const Options& options) {
  auto payload = LoadPayload(options.payload);
  if (!payload) return Fail(payload.error());
  auto client = session.Connect();
  if (!client) return Fail(client.error());
  Ask ask;
  ask.method = "POST";
  ask.path = "/2023-03-30/functions/" + PathPart(options.function) + "/invocations";
  ask.headers.Set("x-fc-invocation-type", options.async ? "Async" : "Sync");
  ask.headers.Set("x-fc-log-type", options.log ? "Tail" : "None");
  ask.content_type = "application/octet-stream";
  ask.body = std::move(*payload);
  auto answer = (*client)->Send(std::move(ask));
  if (!answer) return Fail(answer.error());
  if (answer->status / 100 != 2) return Fail(ErrorOf(*answer));
  return PrintAnswer(session, options, *answer);
}

}  // namespace

void AddInvoke(CLI::App& app, Command& chosen) {
  auto options = std::make_shared<Options>();
  CLI::App* sub = app.add_subcommand("invoke", "Run a function and print what it returns");
  sub->add_option("FUNCTION", options->function, "Its name")->required();
  sub->add_option("PAYLOAD", options->payload,
                  "The event: text, @FILE, or - for standard input; nothing if left out");
  auto* async =
      sub->add_flag("--async", options->async, "Do not wait; prints the request's id once kept");
  sub->add_flag("--log", options->log, "Also print the end of its log, on standard error")
      ->excludes(async);
  sub->callback([&chosen, options] {
    chosen = [options](Session& session) { return Invoke(session, *options); };
  });
}

}  // namespace ebb::cli
