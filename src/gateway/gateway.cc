#include "gateway/gateway.h"

#include <algorithm>
#include <array>

#include "base/log.h"
#include "fc/acs3.h"
#include "fc/attempt_headers.h"
#include "fc/error_response.h"
#include "fc/http_event.h"
#include "fc/invocation_request.h"

namespace ebb::gateway {
namespace {

using TriggerPtr = std::shared_ptr<const model::Trigger>;
using FunctionPtr = std::shared_ptr<const model::Function>;

// What holds for one connection only, and what the sender sets anew (RFC 9110, 7.6.1).
constexpr std::array kHopHeaders = {"Connection",          "Keep-Alive", "Proxy-Authenticate",
                                    "Proxy-Authorization", "TE",         "Trailer",
                                    "Transfer-Encoding",   "Upgrade",    "Content-Length"};

void RemoveHopHeaders(net::Headers& headers) {
  for (const char* name : kHopHeaders) headers.Remove(name);
}

std::size_t SizeOf(const net::Headers& headers) {
  std::size_t bytes = 0;
  for (const auto& [name, value] : headers) bytes += name.size() + value.size() + 4;  // ": \r\n"
  return bytes;
}

bool IsFcHeader(std::string_view name) {
  constexpr std::string_view kPrefix = "x-fc-";
  return name.size() > kPrefix.size() &&
         std::ranges::equal(name.substr(0, kPrefix.size()), kPrefix, {},
                            [](unsigned char c) { return std::tolower(c); });
}

std::string HostOf(const net::Request& request) {
  const std::string_view host = request.headers.Get("Host").value_or("");
  return std::string(host.substr(0, host.find(':')));
}

std::unexpected<Error> Refuse(std::string message) {
  return Fail(Error::Invalid(std::move(message)).WithCode("InvalidArgument"));
}

Result<TriggerPtr> FindTrigger(const catalog::Snapshot& snapshot, const net::Request& request) {
  const std::string host = HostOf(request);
  const auto found = snapshot.http_triggers.find(host.substr(0, host.find('.')));
  if (found != snapshot.http_triggers.end()) return found->second;
  return Fail(
      Error::NotFound("domain name '" + host + "' does not exist.").WithCode("DomainNameNotFound"));
}

bool Allows(const model::HttpTrigger& trigger, const std::string& method) {
  return std::ranges::find(trigger.methods, method) != trigger.methods.end();
}

net::Response MethodNotAllowed(const model::HttpTrigger& trigger, const std::string& method,
                               const std::string& request_id) {
  net::Response response = fc::ErrorResponse(
      Error::Invalid("method " + method + " is not allowed here").WithCode("MethodNotAllowed"),
      request_id);
  response.status = 405;
  std::string allowed;
  for (const std::string& one : trigger.methods) allowed += (allowed.empty() ? "" : ", ") + one;
  response.headers.Set("Allow", allowed);
  return response;
}

}  // namespace

// One request on its way through.
struct Gateway::Passage {
  net::Request& request;
  std::string request_id;
  TriggerPtr trigger;
  FunctionPtr function;
  std::string body;

  const model::HttpTrigger& http() const { return std::get<model::HttpTrigger>(trigger->source); }
  bool custom() const { return model::ServesHttp(function->config.runtime); }
};

Gateway::Gateway(Services services, Config config) : services_(services), config_(config) {}

Task<net::Response> Gateway::Handle(net::Request& request) {
  const std::string request_id = MakeRequestId(services_.clock, services_.random);
  Answer answer = Fail(Error::Internal("not answered"));
  try {
    answer = co_await Answering(request, request_id);
  } catch (const std::logic_error& bug) {
    log::Error("bug in the gateway", {{"request", request_id}, {"what", bug.what()}});
    answer = Fail(Error::Internal("an internal error; the server's log has it"));
  }
  if (!answer) co_return fc::ErrorResponse(answer.error(), request_id);
  RemoveHopHeaders(answer->headers);
  answer->headers.Set("x-fc-request-id", request_id);
  co_return *std::move(answer);
}

Task<Gateway::Answer> Gateway::Answering(net::Request& request, std::string request_id) {
  const auto snapshot = services_.catalog.snapshot();
  auto trigger = FindTrigger(*snapshot, request);
  if (!trigger) co_return Fail(trigger.error());
  Passage passage{.request = request,
                  .request_id = std::move(request_id),
                  .trigger = *std::move(trigger),
                  .function = nullptr,
                  .body = {}};
  if (!Allows(passage.http(), request.method)) {
    co_return MethodNotAllowed(passage.http(), request.method, passage.request_id);
  }
  auto function = snapshot->FindFunction(passage.trigger->account, passage.trigger->function);
  if (!function) co_return Fail(function.error());
  passage.function = *std::move(function);

  auto type = Admit(passage);
  if (!type) co_return Fail(type.error());
  auto proof = Authenticate(passage);
  if (!proof) co_return Fail(proof.error());
  const bool async = *type == fc::InvocationType::kAsync;
  auto body = co_await ReadBody(request,
                                async ? config_.max_async_body_bytes : config_.max_sync_body_bytes);
  if (!body) co_return Fail(body.error());
  if (auto ok = fc::CheckBody(*proof, *body); !ok) co_return Fail(ok.error());
  passage.body = *std::move(body);
  if (async) co_return co_await Enqueue(std::move(passage));
  co_return co_await Invoke(std::move(passage));
}

Result<fc::InvocationType> Gateway::Admit(const Passage& passage) const {
  const net::Request& request = passage.request;
  if (request.path.size() > config_.max_path_bytes) {
    return Refuse("the path is longer than " + std::to_string(config_.max_path_bytes) + " bytes");
  }
  if (SizeOf(request.headers) > config_.max_header_bytes) {
    return Refuse("the headers are longer than " + std::to_string(config_.max_header_bytes) +
                  " bytes");
  }
  auto type = fc::InvocationTypeOf(request.headers);
  if (type && *type == fc::InvocationType::kAsync && passage.custom()) {
    return Refuse("asynchronous requests to custom runtimes are not supported");
  }
  return type;
}

// An empty proof for triggers that anyone may use.
Result<fc::Acs3Proof> Gateway::Authenticate(const Passage& passage) const {
  if (passage.http().auth == model::HttpAuth::kAnonymous) return fc::Acs3Proof();
  auto proof = fc::VerifyAcs3(passage.request, services_.identities, services_.clock.WallNow(),
                              fc::Acs3Cover::kAtLeastDate);
  if (!proof) return proof;
  if (proof->identity.account == passage.trigger->account && proof->identity.function.empty()) {
    return proof;
  }
  return Fail(Error::Denied("this key may not invoke this function").WithCode("AccessDenied"));
}

Task<Result<std::string>> Gateway::ReadBody(net::Request& request, std::size_t limit) {
  auto body = co_await net::ReadAll(*request.body, limit);
  if (body || body.error().code() != "EntityTooLarge") co_return body;
  co_return Fail(fc::EntityTooLarge(limit));
}

std::string Gateway::EventOf(Passage& passage) const {
  return fc::FormatHttpEvent({.request = passage.request,
                              .body = std::move(passage.body),
                              .account = passage.trigger->account,
                              .request_id = passage.request_id,
                              .time = services_.clock.WallNow()});
}

// 202 means: on disk.
Task<Gateway::Answer> Gateway::Enqueue(Passage passage) {
  model::Message message;
  message.request_id = passage.request_id;
  message.account = passage.trigger->account;
  message.function = passage.trigger->function;
  message.qualifier = passage.trigger->qualifier;
  message.trigger = passage.trigger->name;
  message.enqueued = services_.clock.WallNow();
  auto ok = fc::ApplyAsyncHeaders(passage.request.headers, message);
  if (!ok) co_return Fail(ok.error());
  message.payload = EventOf(passage);
  // Base64 and the headers make the event larger than the body was; the door would refuse it later.
  if (message.payload.size() > config_.max_async_body_bytes) {
    co_return Fail(fc::EntityTooLarge(config_.max_async_body_bytes));
  }
  auto enqueued = co_await services_.queue.Enqueue(message);
  if (!enqueued) co_return Fail(enqueued.error());
  if (*enqueued == queue::Enqueued::kDuplicate) co_return Fail(fc::DuplicateTask(message));
  co_return fc::AcceptedAnswer(message);
}

// The request as a custom runtime gets it.  The door adds the function's own x-fc-* headers; what
// the client calls so is not passed on, lest it be taken for ours.
net::Request Gateway::Forward(Passage& passage) const {
  const net::Request& from = passage.request;
  net::Request to;
  to.method = from.method;
  to.target = from.target;
  to.path = from.path;
  to.query = from.query;
  to.peer = from.peer;
  for (const auto& [name, value] : from.headers) {
    if (!IsFcHeader(name)) to.headers.Add(name, value);
  }
  RemoveHopHeaders(to.headers);
  to.body = net::MakeStringBody(std::move(passage.body));
  return to;
}

Task<Gateway::Answer> Gateway::Invoke(Passage passage) {
  invoke::Call call;
  call.account = passage.trigger->account;
  call.function = passage.trigger->function;
  call.qualifier = passage.trigger->qualifier;
  call.request_id = passage.request_id;
  call.trigger = passage.trigger->name;
  if (passage.custom()) {
    call.http = Forward(passage);
  } else {
    call.payload = EventOf(passage);
  }
  invoke::Attempt attempt = co_await services_.door.Invoke(std::move(call));
  if (attempt.usage) services_.ledger.Append(*attempt.usage);
  if (!attempt.outcome) co_return Fail(attempt.outcome.error());
  co_return Answered(std::move(attempt));
}

Gateway::Answer Gateway::Answered(invoke::Attempt attempt) const {
  net::Response response;
  if (attempt.http) {
    response = std::move(*attempt.http);
  } else if (attempt.outcome->ok) {
    auto parsed = fc::ParseHttpAnswer(attempt.outcome->body);
    if (!parsed) return Fail(parsed.error());
    response = *std::move(parsed);
  } else {
    response.status = 502;
    response.headers.Add("Content-Type", "application/json");
    response.text = attempt.outcome->body;
  }
  if (SizeOf(response.headers) > config_.max_header_bytes) {
    return Fail(Error::FunctionFailed("the headers of the function's response are longer than " +
                                      std::to_string(config_.max_header_bytes) + " bytes")
                    .WithCode("BadResponse"));
  }
  fc::AddAttemptHeaders(response.headers, attempt);
  return response;
}

}  // namespace ebb::gateway
