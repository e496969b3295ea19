#include "invoke/initializer_command.h"

#include <fmt/format.h>

#include <utility>

#include "model/error_json.h"

namespace ebb::invoke {
namespace {

Error Failed(const std::string& message) {
  return Error::FunctionFailed(model::FormatErrorJson(message, "InitializerFailed"))
      .WithCode("HookFailed");
}

}  // namespace

Task<Result<void>> RunInitializerCommand(scheduler::Scheduler& scheduler, Running& running,
                                         Deadline deadline) {
  const model::Function& function = *running.subject().function;
  sandbox::GuestSpec spec{.command = function.config.initializer.command};
  const std::string name = spec.command.front();
  auto stay =
      co_await scheduler.Enter({function.id, running.instance_id()}, std::move(spec), deadline);
  if (!stay) co_return Fail(stay.error().With("start the initializer's command"));
  auto code =
      co_await stay->Finish([&running](std::string_view bytes) { running.Print(bytes); }, deadline);
  if (code && *code == 0) co_return Result<void>();
  if (code) co_return Fail(Failed(fmt::format("{} ended with exit code {}", name, *code)));
  if (code.error().kind() == ErrorKind::kDeadline) {
    co_return Fail(
        Error::FunctionTimeout(name + " did not end in time").WithCode("FunctionTimeoutError"));
  }
  if (code.error().kind() == ErrorKind::kFunctionFailed)
    co_return Fail(Failed(code.error().message()));
  co_return Fail(code.error());
}

}  // namespace ebb::invoke
