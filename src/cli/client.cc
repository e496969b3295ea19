#include "cli/client.h"

#include <boost/asio/co_spawn.hpp>
#include <exception>
#include <optional>

#include "base/encoding.h"
#include "base/hash.h"
#include "cli/exit.h"
#include "fc/acs3.h"
#include "net/http_client.h"
#include "net/stream.h"

namespace ebb::cli {
namespace {

// Connecting to a machine that is there takes milliseconds; after this it is not.
constexpr auto kConnectLimit = std::chrono::seconds(10);
constexpr std::size_t kPieceBytes = 65'536;
constexpr std::size_t kMostErrorBytes = 65'536;

// A body that says how much of it has been taken.
class CountedBody : public net::Body {
 public:
  CountedBody(std::string bytes, std::function<void(std::size_t)> on_sent)
      : bytes_(std::move(bytes)), on_sent_(std::move(on_sent)) {}

  Task<Result<std::size_t>> Read(std::span<char> into) override {
    const std::size_t count = std::min({into.size(), bytes_.size() - at_, kPieceBytes});
    bytes_.copy(into.data(), count, at_);
    at_ += count;
    if (on_sent_ && count > 0) on_sent_(at_);
    co_return count;
  }
  std::optional<std::uint64_t> length() const override { return bytes_.size(); }

 private:
  std::string bytes_;
  std::function<void(std::size_t)> on_sent_;
  std::size_t at_ = 0;
};

std::string FormatQuery(const std::vector<std::pair<std::string, std::string>>& pairs) {
  std::string out;
  for (const auto& [name, value] : pairs) {
    if (value.empty()) continue;
    out += (out.empty() ? "" : "&") + base::FormatPercent(name) + "=" + base::FormatPercent(value);
  }
  return out;
}

ErrorKind KindOf(int status) {
  switch (status) {
    case 401:
    case 403:
      return ErrorKind::kDenied;
    case 404:
      return ErrorKind::kNotFound;
    case 409:
      return ErrorKind::kConflict;
    case 429:
      return ErrorKind::kThrottled;
    case 503:
      return ErrorKind::kUnavailable;
    case 504:
      return ErrorKind::kDeadline;
    default:
      return status < 500 ? ErrorKind::kInvalid : ErrorKind::kInternal;
  }
}

Error Unreachable(const Place& place, const Error& why) {
  return Error::Unavailable("no answer at " + place.endpoint + " (" + why.message() +
                            ").  If it does not run, start it: ebb serve --data " +
                            place.data.string())
      .WithCode(kUnreachableCode);
}

}  // namespace

struct Client::State {
  State(const Clock& c, Random& r) : clock(c), random(r) {}

  asio::io_context io;
  const Clock& clock;
  Random& random;
  std::unique_ptr<net::HttpConnection> connection;

  template <typename T>
  static Task<void> Keep(Task<T> task, std::optional<T>& out) {
    out.emplace(co_await std::move(task));
  }

  template <typename T>
  T RunToEnd(Task<T> task) {
    std::optional<T> out;
    std::exception_ptr thrown;
    bool ended = false;
    io.restart();
    asio::co_spawn(io, Keep(std::move(task), out), [&](std::exception_ptr e) {
      thrown = e;
      ended = true;
    });
    // Not run(): it would also wait for the timers of deadlines that were lifted.
    while (!ended && io.run_one() > 0) {
    }
    if (thrown) std::rethrow_exception(thrown);
    return std::move(*out);
  }

  net::Request Sign(Ask& ask, const Place& place) {
    net::Request request;
    request.method = ask.method;
    request.path = ask.path;
    request.query = FormatQuery(ask.query);
    request.target = request.path + (request.query.empty() ? "" : "?" + request.query);
    request.headers = ask.headers;
    request.headers.Set("Host", place.host + ":" + std::to_string(place.port));
    request.headers.Set("User-Agent", "ebb");
    if (!ask.body.empty()) request.headers.Set("Content-Type", ask.content_type);
    fc::SignAcs3(request, base::Sha256Hex(ask.body),
                 {place.access_key_id, place.access_key_secret, ""}, clock.WallNow(),
                 random.Hex(16));
    request.body = std::make_unique<CountedBody>(std::move(ask.body), std::move(ask.on_sent));
    return request;
  }

  Task<Result<void>> Connect(std::string host, std::uint16_t port) {
    if (connection && connection->reusable()) co_return Result<void>();
    connection.reset();
    auto stream =
        co_await net::ConnectTcp(std::move(host), port, Deadline(clock.Now() + kConnectLimit));
    if (!stream) co_return Fail(stream.error());
    connection = std::make_unique<net::HttpConnection>(std::move(*stream));
    co_return Result<void>();
  }

  // The body goes to `on_bytes` when the status is 2xx and there is one, else into the answer.
  Task<Result<Answer>> Exchange(net::Request request, Place place,
                                std::function<void(std::string_view)> on_bytes) {
    auto connected = co_await Connect(place.host, place.port);
    if (!connected) co_return Fail(connected.error());
    auto response = co_await connection->Exchange(std::move(request), Deadline::Never());
    if (!response) co_return Fail(response.error());
    Answer answer{response->status, std::move(response->headers), std::move(response->text)};
    const bool hand_over = on_bytes && answer.status / 100 == 2;
    std::string piece(kPieceBytes, '\0');
    while (response->stream) {
      auto count = co_await response->stream->Read(piece);
      if (!count) co_return Fail(count.error());
      if (*count == 0) break;
      const std::string_view bytes = std::string_view(piece).substr(0, *count);
      if (hand_over) {
        on_bytes(bytes);
      } else {
        answer.body.append(bytes);
      }
    }
    co_return answer;
  }

  Task<Result<int>> Converse(net::Request request, Place place, Talk talk) {
    const std::string key = net::AskForWebSocket(request.headers, random);
    request.upgrade = true;
    connection.reset();  // It will be of no use for anything else.
    auto connected = co_await Connect(place.host, place.port);
    if (!connected) co_return Fail(Unreachable(place, connected.error()));
    auto response = co_await connection->Exchange(std::move(request), Deadline::Never());
    if (!response) co_return Fail(Unreachable(place, response.error()));
    if (response->status != 101) {
      Answer answer{response->status, std::move(response->headers), {}};
      auto body = co_await net::ReadAll(*response->stream, kMostErrorBytes);
      if (body) answer.body = std::move(*body);
      co_return Fail(ErrorOf(answer));
    }
    if (!net::IsWebSocketAnswer(*response, key)) {
      co_return Fail(Error::Unavailable("the server's answer is no WebSocket"));
    }
    connection->stream().SetDeadline(Deadline::Never());
    net::WebSocket socket(io, connection->stream(), net::WebSocket::Side::kClient, random,
                          connection->TakeReceived(), {});
    auto result = co_await talk(io, socket);
    connection->stream().Close();
    co_return result;
  }
};

Client::Client(Place place, const Clock& clock, Random& random)
    : place_(std::move(place)), state_(std::make_unique<State>(clock, random)) {}
Client::~Client() = default;

Result<Answer> Client::Send(Ask ask) {
  auto answer = state_->RunToEnd(state_->Exchange(state_->Sign(ask, place_), place_, nullptr));
  if (!answer) return Fail(Unreachable(place_, answer.error()));
  return answer;
}

Result<std::string> Client::SendForBody(Ask ask) {
  auto answer = Send(std::move(ask));
  if (!answer) return Fail(answer.error());
  if (answer->status / 100 != 2) return Fail(ErrorOf(*answer));
  return std::move(answer->body);
}

Result<json::object> Client::SendForJson(Ask ask) {
  auto body = SendForBody(std::move(ask));
  if (!body) return Fail(body.error());
  if (body->empty()) return json::object();
  return json::ParseObject(*body);
}

Result<void> Client::SendAndFollow(Ask ask, std::function<void(std::string_view)> on_bytes) {
  auto answer =
      state_->RunToEnd(state_->Exchange(state_->Sign(ask, place_), place_, std::move(on_bytes)));
  if (!answer) return Fail(Unreachable(place_, answer.error()));
  if (answer->status / 100 != 2) return Fail(ErrorOf(*answer));
  return {};
}

Result<int> Client::Converse(Ask ask, Talk talk) {
  return state_->RunToEnd(state_->Converse(state_->Sign(ask, place_), place_, std::move(talk)));
}

Error ErrorOf(const Answer& answer) {
  std::string message = "the server answered " + std::to_string(answer.status);
  std::string code;
  std::string request_id(answer.headers.Get("x-fc-request-id").value_or(""));
  if (auto body = json::ParseObject(answer.body)) {
    const auto text = [&](const char* name) {
      auto value = json::String(*body, name);
      return value && *value ? **value : "";
    };
    if (!text("Message").empty()) message = text("Message");
    code = text("Code");
    if (!text("RequestId").empty()) request_id = text("RequestId");
  }
  Error error = Error(KindOf(answer.status), message).WithCode(code);
  return request_id.empty() ? error : std::move(error).WithDetail("request " + request_id);
}

std::string PathPart(std::string_view name) { return base::FormatPercent(name); }

}  // namespace ebb::cli
