#include "images/registry.h"

#include "base/encoding.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/json.h"
#include "images/challenge.h"
#include "model/function_rules.h"

namespace ebb::images {
namespace {

// A registry that says nothing for so long is gone.  Guessed.
constexpr auto kSilence = std::chrono::seconds(60);
constexpr auto kConnect = std::chrono::seconds(20);
constexpr int kMaxRedirects = 5;
constexpr std::size_t kMaxDocument = std::size_t{4} << 20;  // The protocol's own for manifests.
constexpr std::size_t kPiece = std::size_t{1} << 20;

// What Docker Hub's registry answers to, for images that name none.
constexpr const char* kHub = "docker.io";
constexpr const char* kHubHost = "registry-1.docker.io";

Address AddressOf(const Reference& reference) {
  const std::string host = reference.registry == kHub ? kHubHost : reference.registry;
  Address address = ParseAddress("https://" + host).value_or(Address());
  address.target = "/v2/" + reference.repository;
  return address;
}

// Empty for who has no name.
std::string BasicAuthorization(const Access& access) {
  if (access.user.empty()) return "";
  return "Basic " + base::FormatBase64(access.user + ":" + access.password);
}

bool IsRedirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

bool SameHost(const Address& a, const Address& b) { return a.host == b.host && a.port == b.port; }

// "code: message" of the protocol's error body, or nothing.
std::string ReasonIn(const std::string& body) {
  const auto parsed = json::ParseObject(body);
  if (!parsed) return "";
  const json::value* errors = parsed->if_contains("errors");
  if (errors == nullptr || !errors->is_array() || errors->get_array().empty()) return "";
  const json::value& first = errors->get_array().front();
  if (!first.is_object()) return "";
  const auto message = json::String(first.get_object(), "message");
  return message && *message ? ": " + **message : "";
}

}  // namespace

// An answer, and the connection that it comes over.
struct Registry::Exchange {
  std::unique_ptr<net::HttpConnection> connection;
  net::Response response;
  Address from;

  Task<Result<std::string>> ReadAll(std::size_t most) {
    if (!response.stream) co_return response.text;
    co_return co_await net::ReadAll(*response.stream, most);
  }
};

Registry::Registry(const Clock& clock, Reference reference, Access access)
    : clock_(clock),
      reference_(std::move(reference)),
      access_(std::move(access)),
      base_(AddressOf(reference_)) {
  access_.plain_allowed = access_.plain_allowed || IsLoopback(base_.host);
}

Error Registry::Refuse(const std::string& what) const {
  return model::InvalidArgument("image " + reference_.name() + ": " + what);
}

// Tries TLS first, also where plain HTTP is allowed.  `at` is changed to what was found.
Task<Result<std::unique_ptr<net::Stream>>> Registry::Connect(Address& at) {
  const bool own = SameHost(at, base_);
  if (own && plain_) at.scheme = Scheme::kHttp;
  const Deadline deadline(clock_.Now() + kConnect);
  auto stream = co_await net::ConnectTcp(at.host, at.port, deadline);
  if (!stream || at.scheme == Scheme::kHttp) co_return stream;
  net::TlsOptions options{.host = at.host, .verify = access_.verify, .ca_pem = access_.ca_pem};
  auto secure = co_await net::StartTls(*std::move(stream), std::move(options), deadline);
  if (secure || !own || !access_.plain_allowed || secure.error().code() == net::kBadCertificate ||
      secure.error().kind() != ErrorKind::kUnavailable) {
    co_return secure;
  }
  plain_ = true;
  at.scheme = Scheme::kHttp;
  co_return co_await net::ConnectTcp(at.host, at.port, deadline);
}

Task<Result<Registry::Exchange>> Registry::Ask(Address at, std::string accept,
                                               std::string authorization) {
  auto stream = co_await Connect(at);
  if (!stream) {
    const Error& why = stream.error();
    if (why.kind() == ErrorKind::kInvalid) co_return Fail(Refuse(why.message()));
    co_return Fail(Error::Unavailable("image " + reference_.name() + ": the registry " +
                                      at.authority() + " cannot be reached: " + why.message()));
  }
  net::Request request;
  request.method = "GET";
  request.target = at.target;
  request.headers.Set("Host", at.authority());
  request.headers.Set("User-Agent", "ebb");
  if (!accept.empty()) request.headers.Set("Accept", std::move(accept));
  if (!authorization.empty()) request.headers.Set("Authorization", std::move(authorization));
  auto connection = std::make_unique<net::HttpConnection>(*std::move(stream));
  auto response =
      co_await connection->Exchange(std::move(request), Deadline(clock_.Now() + kSilence));
  if (!response) {
    co_return Fail(Error::Unavailable("image " + reference_.name() + ": the registry " +
                                      at.authority() +
                                      " broke off: " + response.error().message()));
  }
  co_return Exchange{std::move(connection), *std::move(response), std::move(at)};
}

// Redirects lead to where the bytes are; who we are is only the registry's business.
Task<Result<Registry::Exchange>> Registry::Follow(Address from, std::string accept,
                                                  std::string authorization) {
  for (int i = 0; i <= kMaxRedirects; ++i) {
    const bool own = SameHost(from, base_);
    auto answer = co_await Ask(from, accept, own ? authorization : "");
    if (!answer || !IsRedirect(answer->response.status)) co_return answer;
    const auto where = answer->response.headers.Get("Location");
    auto next = Resolve(answer->from, where.value_or(""));
    if (!next) co_return Fail(Refuse("the registry redirects to nowhere"));
    if (next->scheme == Scheme::kHttp && !access_.plain_allowed) {
      co_return Fail(Refuse("the registry redirects to plain HTTP, which is not allowed for it"));
    }
    from = *std::move(next);
  }
  co_return Fail(Refuse("the registry redirects in circles"));
}

// A 200, signed in if need be.
Task<Result<Registry::Exchange>> Registry::Get(std::string path, std::string accept) {
  Address at = base_;
  at.target += path;
  auto answer = co_await Follow(at, accept, authorization_);
  if (!answer) co_return answer;
  if (answer->response.status == 401 && authorization_.empty()) {
    auto signed_in =
        co_await SignIn(std::string(answer->response.headers.Get("WWW-Authenticate").value_or("")));
    if (!signed_in) co_return Fail(signed_in.error());
    answer = co_await Follow(at, accept, authorization_);
    if (!answer) co_return answer;
  }
  const int status = answer->response.status;
  if (status == 200) co_return answer;
  auto body = co_await answer->ReadAll(kMaxDocument);
  const std::string reason = body ? ReasonIn(*body) : "";
  switch (status) {
    case 401:
    case 403:
      co_return Fail(Refuse("the registry refuses access (" + std::to_string(status) + reason +
                            "): give userName and password in "
                            "customContainerConfig.registryConfig.authConfig"));
    case 404:
      co_return Fail(Refuse(std::string("the registry does not have ") +
                            (path.starts_with("/blobs") ? "a part of it" : "it") + " (404" +
                            reason + ")"));
    case 429:
      co_return Fail(Error::Unavailable("image " + reference_.name() +
                                        ": the registry asks for fewer requests (429" + reason +
                                        ")"));
    default:
      break;
  }
  const std::string said = "the registry answered " + std::to_string(status) + reason;
  if (status >= 500) co_return Fail(Error::Unavailable("image " + reference_.name() + ": " + said));
  co_return Fail(Refuse(said));
}

Task<Result<void>> Registry::SignIn(std::string challenge) {
  const auto asked = ParseChallenge(challenge);
  if (!asked || (asked->scheme != "bearer" && asked->scheme != "basic")) {
    co_return Fail(Refuse("the registry wants to be signed in to in a way that is not known"));
  }
  if (asked->scheme == "basic") {
    authorization_ = BasicAuthorization(access_);
    co_return Result<void>();
  }
  const auto parameter = [&](const char* name) {
    const auto found = asked->parameters.find(name);
    return found == asked->parameters.end() ? std::string() : found->second;
  };
  std::string query = "service=" + base::FormatPercent(parameter("service"));
  std::string scope = parameter("scope");
  if (scope.empty()) scope = "repository:" + reference_.repository + ":pull";
  query += "&scope=" + base::FormatPercent(scope);
  if (!access_.user.empty()) query += "&account=" + base::FormatPercent(access_.user);
  co_return co_await FetchToken(parameter("realm"), std::move(query));
}

Task<Result<void>> Registry::FetchToken(std::string realm, std::string query) {
  auto at = ParseAddress(realm);
  if (!at || (at->scheme == Scheme::kHttp && !access_.plain_allowed)) {
    co_return Fail(Refuse("the registry names no place to fetch a token from"));
  }
  at->target += (at->target.contains('?') ? "&" : "?") + query;
  auto answer = co_await Ask(*at, "application/json", BasicAuthorization(access_));
  if (!answer) co_return Fail(answer.error());
  auto body = co_await answer->ReadAll(kMaxDocument);
  if (answer->response.status != 200 || !body) {
    co_return Fail(Refuse("the registry's " + at->authority() + " gives no token (" +
                          std::to_string(answer->response.status) +
                          "): check userName and password in "
                          "customContainerConfig.registryConfig.authConfig"));
  }
  const auto token = json::ParseObject(*body);
  for (const char* name : {"token", "access_token"}) {
    const auto text = token ? json::String(*token, name) : std::nullopt;
    if (text && *text) authorization_ = "Bearer " + **text;
  }
  if (authorization_.empty()) co_return Fail(Refuse("the registry's token is none"));
  co_return Result<void>();
}

Task<Result<Document>> Registry::GetManifest(std::string target) {
  // The formats that manifest.cc reads; what a registry would convert for others changes the
  // digest.
  const std::string accept =
      "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json, "
      "application/vnd.docker.distribution.manifest.list.v2+json, "
      "application/vnd.docker.distribution.manifest.v2+json";
  auto answer = co_await Get("/manifests/" + target, accept);
  if (!answer) co_return Fail(answer.error());
  auto body = co_await answer->ReadAll(kMaxDocument);
  if (!body) co_return Fail(Refuse("its manifest is cut short or too large"));
  Document out;
  const std::string type(answer->response.headers.Get("Content-Type").value_or(""));
  out.media_type = type.substr(0, type.find(';'));
  out.digest = "sha256:" + base::Sha256Hex(*body);
  out.bytes = *std::move(body);
  if (IsSha256Digest(target) && out.digest != target) {
    co_return Fail(Refuse("the registry sent another manifest than " + target));
  }
  co_return out;
}

Task<Result<std::string>> Registry::GetBlob(Descriptor blob) {
  auto answer = co_await Get("/blobs/" + blob.digest, "");
  if (!answer) co_return Fail(answer.error());
  auto body = co_await answer->ReadAll(kMaxDocument);
  if (!body) co_return Fail(Refuse("its part " + blob.digest + " is cut short or too large"));
  if ("sha256:" + base::Sha256Hex(*body) != blob.digest) {
    co_return Fail(Refuse("its part " + blob.digest + " came with other bytes"));
  }
  co_return body;
}

Task<Result<void>> Registry::Download(Descriptor blob, net::BlockingPool& pool, int file) {
  auto answer = co_await Get("/blobs/" + blob.digest, "");
  if (!answer) co_return Fail(answer.error());
  if (!answer->response.stream) co_return Fail(Refuse("its part " + blob.digest + " is empty"));
  base::Digest digest(base::DigestKind::kSha256);
  std::int64_t bytes = 0;
  std::string piece(kPiece, '\0');
  bool ended = false;
  while (!ended) {
    std::size_t filled = 0;
    while (!ended && filled < piece.size()) {
      answer->connection->stream().SetDeadline(Deadline(clock_.Now() + kSilence));
      auto count = co_await answer->response.stream->Read(std::span(piece).subspan(filled));
      if (!count) {
        co_return Fail(Error::Unavailable(
            "image " + reference_.name() + ": its part " + blob.digest + " broke off after " +
            std::to_string(bytes + static_cast<std::int64_t>(filled)) +
            " bytes: " + count.error().message()));
      }
      ended = *count == 0;
      filled += *count;
    }
    bytes += static_cast<std::int64_t>(filled);
    if (bytes > blob.bytes) break;  // Not worth reading on: it is not what was asked for.
    const std::string_view part(piece.data(), filled);
    auto kept = co_await pool.Run([&digest, part, file] {
      digest.Update(part);
      return base::WriteAll(file, part);
    });
    if (!kept) co_return Fail(kept.error().With("keep a part of an image"));
  }
  if (bytes != blob.bytes || "sha256:" + base::FormatHex(digest.Finish()) != blob.digest) {
    co_return Fail(Refuse("its part " + blob.digest + " came with other bytes"));
  }
  co_return Result<void>();
}

}  // namespace ebb::images
