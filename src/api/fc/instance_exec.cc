#include "api/fc/exec_session.h"
#include "api/fc/instances.h"

namespace ebb::api {
namespace {

constexpr auto kStartLimit = std::chrono::seconds(10);
constexpr const char* kDefaultCommand = "/bin/sh";

Result<sandbox::GuestSpec> ParseGuest(const Ask& ask) {
  sandbox::GuestSpec spec;
  for (const auto& [name, value] : ask.query) {
    if (name == "command") spec.command.push_back(value);
  }
  if (spec.command.empty()) spec.command.emplace_back(kDefaultCommand);
  auto terminal = QueryFlag(ask, "tty");
  if (!terminal) return Fail(terminal.error());
  if (*terminal) spec.standard = sandbox::GuestSpec::Standard::kTerminal;
  // All three are always there; who does not want one does not look.
  for (const char* name : {"stdin", "stdout", "stderr"}) {
    if (auto wanted = QueryFlag(ask, name, "true"); !wanted) return Fail(wanted.error());
  }
  const std::string qualifier = QueryText(ask, "qualifier").value_or(model::kLatest);
  if (qualifier != model::kLatest) {
    return Fail(Error::NotFound("version or alias '" + qualifier + "' does not exist.")
                    .WithCode("VersionNotFound"));
  }
  return spec;
}

std::unique_ptr<ExecBill> MakeBill(const Setup& setup, const Ask& ask,
                                   const model::Function& function) {
  model::UsageRecord record;
  record.request_id = ask.request_id;
  record.account = ask.account;
  record.function = function.config.name;
  record.version = model::kLatest;
  record.trigger = "exec";
  record.started = setup.services.clock.WallNow();
  record.cpu = function.config.cpu;
  record.memory = function.config.memory;
  record.disk = function.config.disk;
  return std::make_unique<ExecBill>(std::move(record), setup.services.clock,
                                    [&ledger = setup.services.ledger](model::UsageRecord done) {
                                      ledger.Append(std::move(done));
                                    });
}

Task<void> RunSession(const Setup& setup, std::shared_ptr<ExecSession> session, net::Stream& stream,
                      std::string received) {
  net::WebSocket socket(setup.services.io, stream, net::WebSocket::Side::kServer,
                        setup.services.random, std::move(received), {});
  co_await session->Run(socket);
}

}  // namespace

Task<Answer> InstanceExec(const Setup& setup, Ask ask) {
  auto function = setup.services.catalog.snapshot()->FindFunction(ask.account, ask.names[0]);
  if (!function) co_return Fail(function.error());
  auto spec = ParseGuest(ask);
  if (!spec) co_return Fail(spec.error());
  auto response = net::AcceptWebSocket("GET", ask.headers);
  if (!response) co_return Fail(AsInvalidArgument(response.error()));

  const Services& services = setup.services;
  auto stay = co_await services.scheduler.Enter({(*function)->id, ask.names[1]}, std::move(*spec),
                                                Deadline(services.clock.Now() + kStartLimit));
  if (!stay) co_return Fail(stay.error());
  auto session = std::make_shared<ExecSession>(services.io, services.clock, std::move(*stay),
                                               MakeBill(setup, ask, **function));
  // Not a coroutine itself: what it holds must live in the frame of one.
  response->upgrade = [&setup, session = std::move(session)](net::Stream& stream,
                                                             std::string received) {
    return RunSession(setup, session, stream, std::move(received));
  };
  co_return std::move(*response);
}

}  // namespace ebb::api
