#include "api/api_door.h"

#include <stdexcept>

#include "api/ebb/metrics.h"
#include "api/fc/code.h"
#include "api/operation.h"
#include "api/routes.h"
#include "base/log.h"
#include "fc/acs3.h"
#include "fc/error_response.h"
#include "fc/invocation_request.h"

namespace ebb::api {
namespace {

// Above this, hashing a body takes longer than a millisecond and goes to the pool.
constexpr std::size_t kHashInPlace = 256 << 10;

Result<std::size_t> BodyLimit(const Config& config, const Route& route,
                              const net::Headers& headers) {
  if (route.body == BodyKind::kDocument) return config.max_request_bytes;
  auto type = fc::InvocationTypeOf(headers);
  if (!type) return Fail(type.error());
  return *type == fc::InvocationType::kAsync ? config.max_async_payload_bytes
                                             : config.max_sync_payload_bytes;
}

Task<Result<std::string>> ReadBody(net::Request& request, std::size_t limit) {
  auto body = co_await net::ReadAll(*request.body, limit);
  if (body || body.error().code() != "EntityTooLarge") co_return body;
  co_return Fail(fc::EntityTooLarge(limit));
}

}  // namespace

struct ApiDoor::State {
  Setup setup;

  Task<Answer> Answering(net::Request& request, std::string request_id);
  Task<Result<std::string>> SignedBody(net::Request& request, fc::Acs3Proof proof,
                                       std::size_t limit);
};

ApiDoor::ApiDoor(Services services, Config config)
    : state_(new State{
          Setup{services, std::move(config), services.random.Bytes(32), services.clock.Now()}}) {}

ApiDoor::~ApiDoor() = default;

Task<Result<std::string>> ApiDoor::State::SignedBody(net::Request& request, fc::Acs3Proof proof,
                                                     std::size_t limit) {
  auto body = co_await ReadBody(request, limit);
  if (!body) co_return body;
  Result<void> checked;
  if (body->size() <= kHashInPlace) {
    checked = fc::CheckBody(proof, *body);
  } else {
    checked = co_await setup.services.pool.Run(
        [&proof, &text = *body] { return fc::CheckBody(proof, text); });
  }
  if (!checked) co_return Fail(checked.error());
  co_return body;
}

// Whose request it is comes first: a stranger learns nothing and has no body read.
Task<Answer> ApiDoor::State::Answering(net::Request& request, std::string request_id) {
  if (request.path == "/metrics") co_return ServeMetrics(setup, request);
  auto code = co_await ServeCode(setup, request.method, request.path, request.query);
  if (code) co_return *std::move(code);

  auto proof = fc::VerifyAcs3(request, setup.services.identities, setup.services.clock.WallNow(),
                              fc::Acs3Cover::kHostAndBody);
  if (!proof) co_return Fail(proof.error());
  if (!proof->identity.function.empty()) {
    co_return Fail(Error::Denied("the temporary keys of function '" + proof->identity.function +
                                 "' open buckets, not the management API")
                       .WithCode("AccessDenied"));
  }
  auto match = FindRoute(Routes(), request.method, request.path);
  if (!match) co_return Fail(match.error());
  auto limit = BodyLimit(setup.config, *match->route, request.headers);
  if (!limit) co_return Fail(limit.error());
  auto body = co_await SignedBody(request, *proof, *limit);
  if (!body) co_return Fail(body.error());

  Ask ask{.request_id = std::move(request_id),
          .account = proof->identity.account,
          .names = std::move(match->names),
          .query = net::ParseQuery(request.query),
          .headers = request.headers,
          .body = *std::move(body)};
  co_return co_await match->route->operation(setup, std::move(ask));
}

Task<net::Response> ApiDoor::Handle(net::Request& request) {
  const Services& services = state_->setup.services;
  const std::string request_id = MakeRequestId(services.clock, services.random);
  Answer answer = Fail(Error::Internal("not answered"));
  try {
    answer = co_await state_->Answering(request, request_id);
  } catch (const std::logic_error& bug) {
    log::Error("bug in the management API",
               {{"request", request_id}, {"target", request.target}, {"what", bug.what()}});
    answer = Fail(Error::Internal("an internal error; the server's log has it"));
  }
  if (!answer) {
    const Error& error = answer.error();
    if (error.kind() == ErrorKind::kInternal || error.kind() == ErrorKind::kUnavailable) {
      log::Warn("management request failed", {{"request", request_id}, {"error", error}});
    }
    co_return fc::ErrorResponse(error, request_id);
  }
  if (!answer->headers.Has("x-fc-request-id")) answer->headers.Add("x-fc-request-id", request_id);
  answer->headers.Add("x-acs-request-id", request_id);
  co_return *std::move(answer);
}

}  // namespace ebb::api
