// `ebb usage`: what functions have used and what it costs.
#include <fmt/format.h>

#include "base/time_format.h"
#include "cli/answers.h"
#include "cli/human.h"
#include "cli/session.h"
#include "cli/table.h"

namespace ebb::cli {
namespace {

struct Options {
  std::string function;
  std::string since;
  bool records = false;
  int lines = 100;
};

std::vector<std::string> SummaryRow(const json::object& sum, const std::string& name) {
  return {name,
          TextAt(sum, "attempts"),
          TextAt(sum, "failures"),
          TextAt(sum, "coldStarts"),
          FormatMillis(NumberAt(sum, "billedMs")),
          FormatMillis(NumberAt(sum, "cpuMs")),
          FormatBytes(WholeAt(sum, "peakMemoryBytes")),
          TextAt(sum, "computeUnits"),
          TextAt(sum, "cost")};
}

void PrintSummary(const Session& session, const json::object& usage) {
  const std::string currency = TextAt(usage, "currency");
  Table table({{"FUNCTION"},
               {"ATTEMPTS", Align::kRight},
               {"FAILED", Align::kRight},
               {"COLD", Align::kRight},
               {"BILLED", Align::kRight},
               {"CPU", Align::kRight},
               {"PEAK MEMORY", Align::kRight},
               {"UNITS", Align::kRight},
               {"COST " + currency, Align::kRight}});
  for (const json::value& one : ArrayAt(usage, "functions")) {
    const json::object& sum = one.get_object();
    table.Add(SummaryRow(sum, TextAt(sum, "function")));
  }
  table.Add(SummaryRow(ObjectAt(usage, "total"), "total"));
  session.console.out << table.Format();
}

// "warm", or "cold: first, fork": why it was cold and the way that the start took.
std::string StartOf(const json::object& record) {
  const json::object cold = ObjectAt(record, "coldStart");
  if (cold.empty()) return TextAt(record, "start");
  return TextAt(record, "start") + ": " + TextAt(cold, "cause") + ", " + TextAt(cold, "path");
}

void PrintRecords(const Session& session, const json::array& records) {
  Table table({{"STARTED"},
               {"FUNCTION"},
               {"TRIGGER"},
               {"START"},
               {"RAN", Align::kRight},
               {"BILLED", Align::kRight},
               {"CPU", Align::kRight},
               {"PEAK MEMORY", Align::kRight},
               {"OUTCOME"},
               {"COST", Align::kRight},
               {"TRY", Align::kRight},
               {"REQUEST"}});
  for (const json::value& one : records) {
    const json::object& r = one.get_object();
    table.Add({TextAt(r, "started"), TextAt(r, "function"), TextAt(r, "trigger"), StartOf(r),
               FormatMillis(NumberAt(r, "ranMs")), TextAt(r, "billedMs") + " ms",
               FormatMillis(NumberAt(r, "cpuMs")), FormatBytes(WholeAt(r, "peakMemoryBytes")),
               TextAt(r, "outcome"), TextAt(r, "cost"), TextAt(r, "attempt"),
               TextAt(r, "requestId")});
  }
  session.console.out << table.Format();
}

Result<Exit> Usage(Session& session, const Options& options) {
  Ask ask;
  ask.query.emplace_back("function", options.function);
  if (!options.since.empty()) {
    const auto since = session.ReadSince(options.since);
    if (!since) return Exit::kUsage;
    ask.query.emplace_back("from", base::FormatIsoMillis(*since));
  }
  auto client = session.Connect();
  if (!client) return Fail(client.error());
  if (!options.records) {
    ask.path = "/ebb/v1/usage";
    auto usage = (*client)->SendForJson(std::move(ask));
    if (!usage) return Fail(usage.error());
    if (session.json()) {
      session.PrintJson(*usage);
    } else {
      PrintSummary(session, *usage);
    }
    return Exit::kOk;
  }
  ask.path = "/ebb/v1/usage/records";
  ask.query.emplace_back("limit", std::to_string(std::min(options.lines, 100)));
  auto records =
      SendForAll(**client, std::move(ask), "records", static_cast<std::size_t>(options.lines));
  if (!records) return Fail(records.error());
  if (session.json()) {
    session.PrintJson(json::object{{"records", std::move(*records)}});
  } else {
    PrintRecords(session, *records);
  }
  return Exit::kOk;
}

}  // namespace

void AddUsage(CLI::App& app, Command& chosen) {
  auto options = std::make_shared<Options>();
  CLI::App* sub = app.add_subcommand("usage", "What functions have used, and what it costs");
  sub->add_option("FUNCTION", options->function, "Only of this one");
  sub->add_flag("--records", options->records, "One line for every attempt, newest first");
  sub->add_option("--since", options->since, "An age (10m, 2h) or a time (2026-11-23T20:00:00Z)");
  sub->add_option("-n,--lines", options->lines, "At most so many records")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  sub->callback([&chosen, options] {
    chosen = [options](Session& session) { return Usage(session, *options); };
  });
}

}  // namespace ebb::cli
