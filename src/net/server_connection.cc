#include "net/server_connection.h"

#include <algorithm>
#include <array>
#include <boost/asio/this_coro.hpp>
#include <exception>
#include <utility>
#include <vector>

#include "base/log.h"
#include "base/time_format.h"
#include "net/exception_text.h"

namespace ebb::net {
namespace {

// A body that nobody read is dropped up to here, to keep the connection; beyond, a new connection
// is cheaper.
constexpr std::uint64_t kMaxDrop = 256UL * 1024;

// How long a connection that closes before the client has sent everything goes on reading, so that
// the response is not lost to the reset that closing with unread bytes would send.
constexpr std::chrono::seconds kLinger{10};
constexpr std::chrono::seconds kLingerSilence{2};

Deadline In(Duration d) { return Deadline(std::chrono::steady_clock::now() + d); }

// The path and the query of a target, which may be a whole URL when the client takes us for a
// proxy.
void SplitTarget(Request& request) {
  std::string_view rest = request.target;
  if (const std::size_t scheme = rest.find("://"); scheme != std::string_view::npos &&
                                                   !rest.starts_with('/') &&
                                                   scheme < rest.find_first_of("?#")) {
    rest.remove_prefix(scheme + 3);
    rest.remove_prefix(std::min(rest.size(), rest.find_first_of("/?#")));
  }
  rest = rest.substr(0, rest.find('#'));
  const std::size_t question = rest.find('?');
  request.path = rest.substr(0, question);
  if (request.path.empty()) request.path = "/";
  if (question != std::string_view::npos) request.query = rest.substr(question + 1);
}

bool HasWord(std::string_view value, std::string_view lower) {
  return std::ranges::search(value, lower, {}, [](char c) {
           return static_cast<char>(c | 32);
         }).begin() != value.end();
}

bool MayHaveBody(int status) { return status >= 200 && status != 204 && status != 304; }

std::optional<std::uint64_t> GivenLength(const Response& response) {
  const auto given = response.headers.Get("content-length");
  if (!given || given->empty() || given->size() > 18) return std::nullopt;
  std::uint64_t length = 0;
  for (const char c : *given) {
    if (c < '0' || c > '9') return std::nullopt;
    length = length * 10 + static_cast<std::uint64_t>(c - '0');
  }
  return length;
}

BodyFraming FramingOf(const Request& request, int version, const Response& response) {
  using enum BodyFraming::Kind;
  if (!MayHaveBody(response.status)) return {kNone, 0};
  const auto length = response.stream ? response.stream->length() : response.text.size();
  if (request.method == "HEAD") {
    if (const auto given = GivenLength(response)) return {kAnnounced, *given};
    return length ? BodyFraming{kAnnounced, *length} : BodyFraming{};
  }
  if (length) return {kLength, *length};
  return {version >= 11 ? kChunked : kUntilClose, 0};
}

Response TextResponse(int status, std::string text) {
  Response response;
  response.status = status;
  response.headers.Add("Content-Type", "text/plain; charset=utf-8");
  response.text = std::move(text) + "\n";
  return response;
}

}  // namespace

struct ServerConnection::Incoming {
  MessageReader* reader;  // Null once the request has been answered.
  Stream* stream;
  Duration silence;
  bool asks_to_continue;  // The client waits for a word before it sends the body.
};

class ServerConnection::RequestBody final : public Body {
 public:
  RequestBody(std::shared_ptr<Incoming> incoming, std::optional<std::uint64_t> length)
      : incoming_(std::move(incoming)), length_(length) {}

  Task<Result<std::size_t>> Read(std::span<char> into) override {
    const std::shared_ptr<Incoming> in = incoming_;
    if (in->reader == nullptr) co_return Fail(Error::Unavailable("the request has been answered"));
    if (in->reader->body_ended()) co_return 0;
    in->stream->SetDeadline(In(in->silence));
    if (std::exchange(in->asks_to_continue, false) && !in->reader->has_bytes()) {
      auto written = co_await in->stream->Write("HTTP/1.1 100 Continue\r\n\r\n");
      if (!written) co_return Fail(written.error());
    }
    auto count = co_await in->reader->ReadBody(into);
    if (in->reader != nullptr) in->stream->SetDeadline(Deadline::Never());
    co_return count;
  }
  std::optional<std::uint64_t> length() const override { return length_; }

 private:
  const std::shared_ptr<Incoming> incoming_;
  const std::optional<std::uint64_t> length_;
};

const std::string& HttpDate::Now() {
  const WallTime now =
      std::chrono::time_point_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now());
  const std::int64_t second =
      std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
  if (second != second_) {
    second_ = second;
    text_ = base::FormatHttpDate(now);
  }
  return text_;
}

ServerConnection::ServerConnection(std::unique_ptr<Stream> stream, const HttpServerConfig& config,
                                   const HttpHandler& handler, HttpDate& date)
    : stream_(std::move(stream)),
      config_(config),
      handler_(handler),
      date_(date),
      peer_(stream_->peer()),
      reader_(*stream_, config.max_header_bytes) {}

ServerConnection::~ServerConnection() { ForgetBody(); }

void ServerConnection::ForgetBody() {
  if (incoming_) incoming_->reader = nullptr;
  incoming_.reset();
}

Task<void> ServerConnection::Run() {
  for (;;) {
    auto head = co_await NextHead();
    if (!head) {
      co_await Refuse(head.error());
      co_return;
    }
    if (*head == nullptr) co_return;  // The client has left: normal, not worth a log line.
    busy_ = true;
    ++request_;
    const After after = co_await Serve(**head);
    busy_ = false;
    if (after == After::kClose || ending_) break;
  }
  if (!reader_.body_ended()) co_await Linger();
}

// Null when the client left between two requests.
Task<Result<MessageHead*>> ServerConnection::NextHead() {
  stream_->SetDeadline(In(config_.idle_timeout));
  auto begun = co_await reader_.WaitForBytes();
  if (!begun || !*begun) co_return nullptr;
  stream_->SetDeadline(In(config_.idle_timeout));
  auto head = co_await reader_.ReadHead(MakeRequestParser());
  stream_->SetDeadline(Deadline::Never());
  if (!head) co_return head;
  const bool needs_host = (*head)->version >= 11;
  if (needs_host && !(*head)->headers.Has("host"))
    co_return Fail(Error::Invalid("Host is missing"));
  co_return head;
}

// Answers what never became a request.
Task<void> ServerConnection::Refuse(Error error) {
  if (error.kind() != ErrorKind::kInvalid && error.kind() != ErrorKind::kDeadline) co_return;
  int status = 400;
  if (error.code() == "HeadersTooLarge") status = 431;
  if (error.kind() == ErrorKind::kDeadline) status = 408;
  const Response response = TextResponse(status, error.message());
  const BodyFraming framing{BodyFraming::Kind::kLength, response.text.size()};
  std::string head =
      FormatResponseHead(status, response.headers, framing, ConnectionWord::kClose, date_.Now());
  auto written =
      co_await WriteText(*stream_, std::move(head), response.text, config_.body_idle_timeout);
  if (written) co_await Linger();
}

Task<ServerConnection::After> ServerConnection::Serve(MessageHead& head) {
  Request request;
  request.method = std::move(head.method);
  request.target = std::move(head.target);
  SplitTarget(request);
  request.headers = std::move(head.headers);
  request.peer = peer_;
  if (reader_.body_ended()) {
    request.body = MakeStringBody("");
  } else {
    const auto expect = request.headers.Get("expect");
    incoming_ = std::make_shared<Incoming>(
        &reader_, stream_.get(), config_.body_idle_timeout,
        head.version >= 11 && expect && HasWord(*expect, "100-continue"));
    request.body = std::make_unique<RequestBody>(incoming_, reader_.body_left());
  }

  Response response = co_await Handle(request);
  if (response.status == 101 && response.upgrade && reader_.body_ended()) {
    co_await Upgrade(response);
    co_return After::kClose;
  }
  const After after = WillClose(head, request, response) ? After::kClose : After::kKeep;
  const bool sent = co_await Send(request, head, response, after);
  const bool can_drop = !incoming_ || !incoming_->asks_to_continue;
  ForgetBody();
  if (!sent) {
    stream_->Close();  // What the client has got is cut short: it must see that it is.
    co_return After::kClose;
  }
  if (after == After::kClose || reader_.body_ended()) co_return after;
  co_return can_drop ? co_await DropRest() : After::kClose;
}

Task<void> ServerConnection::Upgrade(Response& response) {
  std::string head =
      FormatResponseHead(response.status, response.headers, {}, ConnectionWord::kNone, date_.Now());
  head.insert(head.size() - 2, "Connection: Upgrade\r\n");
  auto written = co_await stream_->Write(head);
  if (!written) co_return;
  upgraded_ = true;
  if (!ending_) co_await response.upgrade(*stream_, reader_.TakeBytes());
  stream_->Close();
}

Task<Response> ServerConnection::Handle(Request& request) {
  std::exception_ptr thrown;
  try {
    co_return co_await handler_(request);
  } catch (...) {
    thrown = std::current_exception();
  }
  const auto cancelled = (co_await asio::this_coro::cancellation_state).cancelled();
  if (cancelled != asio::cancellation_type::none) std::rethrow_exception(thrown);  // Client gone.
  log::Error(
      "http handler failed",
      {{"method", request.method}, {"path", request.path}, {"error", DescribeException(thrown)}});
  co_return TextResponse(500, "internal error");
}

bool ServerConnection::WillClose(const MessageHead& head, const Request& request,
                                 const Response& response) const {
  if (!head.keep_alive || ending_) return true;
  if (const auto word = response.headers.Get("connection"); word && HasWord(*word, "close")) {
    return true;
  }
  // A body that the handler took away is being read while the response is sent.
  if (reader_.body_ended() || !request.body) return false;
  if (incoming_ && incoming_->asks_to_continue) return true;  // Its body may never come.
  const auto left = reader_.body_left();
  return left && *left > kMaxDrop;
}

Task<bool> ServerConnection::Send(const Request& request, const MessageHead& head,
                                  Response& response, After after) {
  if (response.status < 200 || response.status > 999) {
    log::Error("http handler gave an impossible status", {{"status", response.status}});
    response = TextResponse(500, "internal error");
  }
  const BodyFraming framing = FramingOf(request, head.version, response);
  const bool until_close = framing.kind == BodyFraming::Kind::kUntilClose;
  ConnectionWord word = ConnectionWord::kNone;
  if (after == After::kClose || until_close) {
    word = ConnectionWord::kClose;
  } else if (head.version < 11) {
    word = ConnectionWord::kKeepAlive;
  }
  std::string text =
      FormatResponseHead(response.status, response.headers, framing, word, date_.Now());
  const Duration silence = config_.body_idle_timeout;
  if (response.stream) {
    auto written =
        co_await WriteMessage(*stream_, std::move(text), *response.stream, framing, silence);
    co_return written && !until_close;
  }
  const bool with_body = framing.kind == BodyFraming::Kind::kLength;
  auto written = co_await WriteText(*stream_, std::move(text),
                                    with_body ? std::string_view(response.text) : "", silence);
  co_return written.has_value();
}

// Reads what the handler left of the body, so that the next request can be read.
Task<ServerConnection::After> ServerConnection::DropRest() {
  std::array<char, 16UL * 1024> dropped;
  std::uint64_t total = 0;
  while (!reader_.body_ended()) {
    if (total > kMaxDrop) co_return After::kClose;
    stream_->SetDeadline(In(config_.body_idle_timeout));
    auto count = co_await reader_.ReadBody(dropped);
    if (!count) co_return After::kClose;
    total += *count;
  }
  co_return After::kKeep;
}

Task<void> ServerConnection::Linger() {
  stream_->EndWriting();
  const Deadline end = In(kLinger);
  std::vector<char> dropped(64UL * 1024);
  for (;;) {
    stream_->SetDeadline(end.Earlier(std::chrono::steady_clock::now() + kLingerSilence));
    auto count = co_await stream_->Read(dropped);
    if (!count || *count == 0) co_return;
  }
}

void ServerConnection::EndAfterRequest() {
  ending_ = true;
  if (!busy_ || upgraded_) stream_->Close();  // An upgraded one may last for ever.
}

bool ServerConnection::ClientGone() {
  return busy_ && std::exchange(last_looked_, request_) == request_ && stream_->PeerGone();
}

}  // namespace ebb::net
