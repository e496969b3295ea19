#include "fc/invocation_request.h"

#include <charconv>

namespace ebb::fc {
namespace {

constexpr double kMaxDelaySeconds = 3600;  // FC's.
// Task ids share the space of keys with the events of triggers, so they get a corner of their own.
constexpr std::string_view kTaskKey = "task/";

std::unexpected<Error> Refuse(std::string message) {
  return Fail(Error::Invalid(std::move(message)).WithCode("InvalidArgument"));
}

std::string TaskIdOf(const model::Message& message) {
  return message.key.starts_with(kTaskKey) ? message.key.substr(kTaskKey.size()) : "";
}

}  // namespace

Result<InvocationType> InvocationTypeOf(const net::Headers& headers) {
  const auto type = headers.Get("x-fc-invocation-type").value_or("");
  if (type.empty() || type == "Sync") return InvocationType::kSync;
  if (type == "Async") return InvocationType::kAsync;
  return Refuse("x-fc-invocation-type must be Sync or Async");
}

Result<void> ApplyAsyncHeaders(const net::Headers& headers, model::Message& message) {
  const std::string task_id(headers.Get("x-fc-async-task-id").value_or(""));
  if (!task_id.empty()) message.key = std::string(kTaskKey) + task_id;

  const std::string_view text = headers.Get("x-fc-async-delay").value_or("");
  if (text.empty()) return {};
  double seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc() || end != text.data() + text.size() || !(seconds > 0) ||
      seconds > kMaxDelaySeconds) {
    return Refuse("x-fc-async-delay must be seconds, more than 0 and at most 3600");
  }
  message.delay = std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds));
  return {};
}

net::Response AcceptedAnswer(const model::Message& message) {
  net::Response response;
  response.status = 202;
  response.headers.Add("x-fc-request-id", message.request_id);
  const std::string task_id = TaskIdOf(message);
  if (!task_id.empty()) response.headers.Add("x-fc-async-task-id", task_id);
  return response;
}

Error DuplicateTask(const model::Message& message) {
  return Error::Conflict("an invocation with the task id '" + TaskIdOf(message) +
                         "' of function '" + message.function + "' exists already.")
      .WithCode("StatefulAsyncInvocationAlreadyExists");
}

}  // namespace ebb::fc
