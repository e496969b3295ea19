#include "net/http_client.h"

#include <utility>

#include "base/check.h"
#include "net/message_reader.h"
#include "net/message_writer.h"

namespace ebb::net {
namespace {

constexpr std::size_t kMaxHeadBytes = 64UL * 1024;

BodyFraming FramingOf(const Request& request) {
  using enum BodyFraming::Kind;
  const auto length = request.body ? request.body->length() : 0;
  if (!length) return {kChunked, 0};
  const bool may_be_without = request.method == "GET" || request.method == "HEAD" ||
                              request.method == "DELETE" || request.method == "OPTIONS";
  if (*length == 0 && may_be_without) return {kNone, 0};
  return {kLength, *length};
}

}  // namespace

struct HttpConnection::State {
  explicit State(std::unique_ptr<Stream> s)
      : stream(std::move(s)), reader(*stream, kMaxHeadBytes) {}

  // The exchange has ended cleanly.
  void Finish() {
    stream->SetDeadline(Deadline::Never());
    reusable = keep_alive;
  }

  std::unique_ptr<Stream> stream;
  MessageReader reader;
  bool keep_alive = false;  // Of the response under way.
  // False from the beginning of an exchange until it has ended cleanly: whatever happens in
  // between, an error or a cancelled coroutine, leaves a connection that nobody can use.
  bool reusable = true;
};

namespace {

template <typename State>
class ResponseBody final : public Body {
 public:
  ResponseBody(std::shared_ptr<State> state, std::optional<std::uint64_t> length)
      : state_(std::move(state)), length_(length) {}
  ~ResponseBody() override {
    if (!state_->reader.body_ended()) state_->stream->Close();
  }

  Task<Result<std::size_t>> Read(std::span<char> into) override {
    if (state_->reader.body_ended()) co_return 0;
    auto count = co_await state_->reader.ReadBody(into);
    if (state_->reader.body_ended()) state_->Finish();
    co_return count;
  }
  std::optional<std::uint64_t> length() const override { return length_; }

 private:
  const std::shared_ptr<State> state_;
  const std::optional<std::uint64_t> length_;
};

}  // namespace

HttpConnection::HttpConnection(std::unique_ptr<Stream> stream)
    : state_(std::make_shared<State>(std::move(stream))) {}

HttpConnection::~HttpConnection() = default;

Task<Result<Response>> HttpConnection::Exchange(Request request, Deadline deadline) {
  const std::shared_ptr<State> state = state_;
  if (!state->reusable) co_return Fail(Error::Unavailable("the connection cannot be used again"));
  state->reusable = false;
  state->stream->SetDeadline(deadline);

  const BodyFraming framing = FramingOf(request);
  std::string head = FormatRequestHead(request.method, request.target, request.headers, framing);
  if (request.upgrade) head.insert(head.size() - 2, "Connection: Upgrade\r\n");
  if (!request.body) request.body = MakeStringBody("");
  auto written =
      co_await WriteMessage(*state->stream, std::move(head), *request.body, framing, std::nullopt);
  // A server may refuse a body before it has read it, and close.  What it said counts more than
  // that we could not write on.  (A body of ours that broke is another matter.)
  if (!written && !state->stream->PeerGone()) co_return Fail(written.error());

  MessageHead* answer = nullptr;
  do {
    auto read = co_await state->reader.ReadHead(
        MakeResponseParser(request.method == "HEAD" ? AnswerTo::kHead : AnswerTo::kOther));
    if (!read) co_return Fail(written ? read.error() : written.error());
    answer = *read;
  } while (answer->status / 100 == 1 && answer->status != 101);  // 100 Continue and the like.

  state->keep_alive = answer->keep_alive && answer->status != 101 && written.has_value();
  if (state->reader.body_ended()) state->Finish();
  Response response;
  response.status = answer->status;
  response.headers = std::move(answer->headers);
  response.stream = std::make_unique<ResponseBody<State>>(state, state->reader.body_left());
  co_return response;
}

bool HttpConnection::reusable() const { return state_->reusable && !state_->stream->PeerGone(); }

Stream& HttpConnection::stream() { return *state_->stream; }

std::string HttpConnection::TakeReceived() { return state_->reader.TakeBytes(); }

}  // namespace ebb::net
