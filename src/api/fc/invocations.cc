#include "api/fc/invocations.h"

#include <charconv>

#include "api/fc/functions.h"
#include "base/encoding.h"
#include "fc/attempt_headers.h"

namespace ebb::api {
namespace {

constexpr const char* kTrigger = "invoke";
constexpr double kMaxDelaySeconds = 3600;  // FC's.

std::string HeaderText(const Ask& ask, std::string_view name) {
  return std::string(ask.headers.Get(name).value_or(""));
}

Result<bool> WantsLogTail(const Ask& ask) {
  const std::string type = HeaderText(ask, "x-fc-log-type");
  if (type.empty() || type == "None") return false;
  if (type == "Tail") return true;
  return Refuse("x-fc-log-type must be None or Tail");
}

Result<Duration> DelayOf(const Ask& ask) {
  const std::string text = HeaderText(ask, "x-fc-async-delay");
  if (text.empty()) return Duration{};
  double seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc() || end != text.data() + text.size() || !(seconds > 0) ||
      seconds > kMaxDelaySeconds) {
    return Refuse("x-fc-async-delay must be seconds, more than 0 and at most 3600");
  }
  return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds));
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
  if (*tail) response.headers.Add("x-fc-log-result", base::FormatBase64(attempt.log_tail));
  response.text = std::move(attempt.outcome->body);
  co_return response;
}

// 202 means: on disk.
Task<Answer> InvokeAsync(const Setup& setup, Ask ask) {
  auto delay = DelayOf(ask);
  if (!delay) co_return Fail(delay.error());
  const std::string task_id = HeaderText(ask, "x-fc-async-task-id");
  model::Message message;
  message.request_id = ask.request_id;
  message.account = ask.account;
  message.function = ask.names[0];
  message.qualifier = model::kLatest;
  message.trigger = kTrigger;
  if (!task_id.empty()) message.key = "task/" + task_id;
  message.payload = std::move(ask.body);
  message.enqueued = setup.services.clock.WallNow();
  message.delay = *delay;
  auto enqueued = co_await setup.services.queue.Enqueue(std::move(message));
  if (!enqueued) co_return Fail(enqueued.error());
  if (*enqueued == queue::Enqueued::kDuplicate) {
    co_return Fail(Error::Conflict("an invocation with the task id '" + task_id +
                                   "' of function '" + ask.names[0] + "' exists already.")
                       .WithCode("StatefulAsyncInvocationAlreadyExists"));
  }
  net::Response response;
  response.status = 202;
  if (!task_id.empty()) response.headers.Add("x-fc-async-task-id", task_id);
  co_return response;
}

}  // namespace

Result<InvocationType> InvocationTypeOf(const net::Headers& headers) {
  const auto type = headers.Get("x-fc-invocation-type").value_or("");
  if (type.empty() || type == "Sync") return InvocationType::kSync;
  if (type == "Async") return InvocationType::kAsync;
  return Refuse("x-fc-invocation-type must be Sync or Async");
}

Task<Answer> InvokeFunction(const Setup& setup, Ask ask) {
  auto type = InvocationTypeOf(ask.headers);
  if (!type) co_return Fail(type.error());
  auto function = FindFunction(setup, ask);
  if (!function) co_return Fail(function.error());
  if (*type == InvocationType::kAsync) co_return co_await InvokeAsync(setup, std::move(ask));
  co_return co_await InvokeSync(setup, std::move(ask));
}

}  // namespace ebb::api
