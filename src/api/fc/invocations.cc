#include "api/fc/invocations.h"

#include "api/fc/functions.h"
#include "base/encoding.h"
#include "fc/attempt_headers.h"
#include "fc/invocation_request.h"

namespace ebb::api {
namespace {

constexpr const char* kTrigger = "invoke";

Result<bool> WantsLogTail(const Ask& ask) {
  const auto type = ask.headers.Get("x-fc-log-type").value_or("");
  if (type.empty() || type == "None") return false;
  if (type == "Tail") return true;
  return Refuse("x-fc-log-type must be None or Tail");
}

Task<Answer> InvokeSync(const Setup& setup, Ask ask) {
  auto tail = WantsLogTail(ask);
  if (!tail) co_return Fail(tail.error());
  invoke::Call call;
  call.account = ask.account;
  call.function = ask.names[0];
  call.qualifier = QueryText(ask, "qualifier").value_or("");
  call.request_id = ask.request_id;
  call.trigger = kTrigger;
  call.payload = std::move(ask.body);
  invoke::Attempt attempt = co_await setup.services.door.Invoke(std::move(call));

  // In memory; on disk within metering::Config::commit_interval.
  if (attempt.usage) setup.services.ledger.Append(*attempt.usage);
  if (!attempt.outcome) co_return Fail(attempt.outcome.error());
  net::Response response;
  response.headers.Add("Content-Type", "application/octet-stream");
  fc::AddAttemptHeaders(response.headers, attempt);
  // FC gives none either where calls may overlap in an instance.
  if (*tail && !attempt.log_tail.empty())
    response.headers.Add("x-fc-log-result", base::FormatBase64(attempt.log_tail));
  response.text = std::move(attempt.outcome->body);
  co_return response;
}

// 202 means: on disk.
Task<Answer> InvokeAsync(const Setup& setup, Ask ask) {
  model::Message message;
  message.request_id = ask.request_id;
  message.account = ask.account;
  message.function = ask.names[0];
  message.qualifier = model::kLatest;
  message.trigger = kTrigger;
  message.payload = std::move(ask.body);
  message.enqueued = setup.services.clock.WallNow();
  if (auto ok = fc::ApplyAsyncHeaders(ask.headers, message); !ok) co_return Fail(ok.error());
  auto enqueued = co_await setup.services.queue.Enqueue(message);
  if (!enqueued) co_return Fail(enqueued.error());
  if (*enqueued == queue::Enqueued::kDuplicate) co_return Fail(fc::DuplicateTask(message));
  co_return fc::AcceptedAnswer(message);
}

}  // namespace

Task<Answer> InvokeFunction(const Setup& setup, Ask ask) {
  auto type = fc::InvocationTypeOf(ask.headers);
  if (!type) co_return Fail(type.error());
  auto function = FindFunction(setup, ask);
  if (!function) co_return Fail(function.error());
  if (*type == fc::InvocationType::kAsync) co_return co_await InvokeAsync(setup, std::move(ask));
  co_return co_await InvokeSync(setup, std::move(ask));
}

}  // namespace ebb::api
