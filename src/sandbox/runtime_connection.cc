#include "sandbox/runtime_connection.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/time_format.h"
#include "model/error_json.h"
#include "net/message_writer.h"

namespace ebb::sandbox {
namespace {

constexpr std::string_view kPrefix = "/2020-11-11/runtime/";
constexpr std::size_t kMaxHeadBytes = 16UL * 1024;
constexpr std::size_t kMaxAnswerBytes = std::size_t{32} << 20;  // FC's limit of a response.
constexpr std::size_t kMaxStartErrorBytes = 64UL * 1024;
// A body that nobody wants is dropped up to here, to keep the connection.
constexpr std::size_t kMaxDrop = 256UL * 1024;
constexpr std::size_t kPiece = 64UL * 1024;

Reply TooLarge() {
  Reply reply;
  reply.ok = false;
  reply.error_type = "UnhandledInvocationError";
  reply.body = model::FormatErrorJson(
      "the response is over the limit of " + std::to_string(kMaxAnswerBytes) + " bytes",
      "ResponseTooLarge");
  return reply;
}

bool AsksToContinue(const net::MessageHead& head) {
  return head.headers.Get("expect").value_or("") == "100-continue";
}

// A call that is being answered may be answered by another if this answer does not come to its end.
class Answering {
 public:
  explicit Answering(RuntimeCalls::CallPtr call) : call_(std::move(call)) {}
  ~Answering() {
    if (!call_->reply) call_->state = RuntimeCalls::Call::State::kGiven;
  }
  Answering(const Answering&) = delete;
  Answering& operator=(const Answering&) = delete;

  void Finish(Reply reply) {
    call_->state = RuntimeCalls::Call::State::kAnswered;
    call_->reply = std::move(reply);
  }

 private:
  const RuntimeCalls::CallPtr call_;
};

}  // namespace

RuntimeCalls::CallPtr RuntimeCalls::TakeWaiting() {
  for (const CallPtr& call : calls) {
    if (call->state != Call::State::kWaiting) continue;
    call->state = Call::State::kGiven;
    return call;
  }
  return nullptr;
}

RuntimeCalls::CallPtr RuntimeCalls::TryBeginAnswer(const std::string& id) {
  for (const CallPtr& call : calls) {
    if (call->event.id != id || call->state != Call::State::kGiven) continue;
    call->state = Call::State::kBeingAnswered;
    return call;
  }
  return nullptr;
}

RuntimeConnection::RuntimeConnection(std::unique_ptr<net::Stream> stream, const Clock& clock,
                                     RuntimeCalls& calls)
    : stream_(std::move(stream)), clock_(clock), calls_(calls), reader_(*stream_, kMaxHeadBytes) {}

Task<void> RuntimeConnection::Run() {
  while (true) {
    auto begun = co_await reader_.WaitForBytes();
    if (!begun || !*begun) co_return;
    auto head = co_await reader_.ReadHead(net::MakeRequestParser());
    if (!head) {
      co_await Send(400, {}, model::FormatErrorJson(head.error().message(), "BadRequest"),
                    After::kClose);
      co_return;
    }
    const bool keep_alive = (*head)->keep_alive;
    const After after = co_await Dispatch(**head);
    if (after == After::kClose || !keep_alive) co_return;
  }
}

Task<RuntimeConnection::After> RuntimeConnection::Dispatch(net::MessageHead& head) {
  std::string_view rest = head.target;
  if (rest.starts_with(kPrefix)) {
    rest.remove_prefix(kPrefix.size());
    const bool get = head.method == "GET";
    const bool post = head.method == "POST";
    if (get && rest == "invocation/next") co_return co_await GiveNext();
    if (post && rest == "init/error") co_return co_await TakeStartError(head);
    if (post && rest.starts_with("invocation/")) {
      rest.remove_prefix(std::string_view("invocation/").size());
      const std::size_t slash = rest.find('/');
      const std::string_view what = slash == rest.npos ? "" : rest.substr(slash);
      if (what == "/response" || what == "/error") {
        co_return co_await TakeAnswer(std::string(rest.substr(0, slash)), what == "/response",
                                      head);
      }
    }
  }
  co_return co_await Refuse(404, "NotFound", "there is no " + head.method + " " + head.target);
}

// Waits for as long as there is nothing to do: days, and frozen most of them.
Task<RuntimeConnection::After> RuntimeConnection::GiveNext() {
  calls_.polled = true;
  calls_.changed.NotifyAll();
  if (co_await DropBody() == After::kClose) co_return After::kClose;
  RuntimeCalls::CallPtr call;
  while (true) {
    if (stream_->PeerGone()) co_return After::kClose;
    call = calls_.TakeWaiting();
    if (call) break;
    co_await calls_.changed.Wait(Deadline::Never());
  }
  const After after = co_await Send(200, call->event.headers, call->event.body, After::kKeep);
  if (after == After::kKeep) {
    call->event.body = {};
  } else if (call->state == RuntimeCalls::Call::State::kGiven) {
    call->state = RuntimeCalls::Call::State::kWaiting;  // The program has not seen all of it.
    calls_.changed.NotifyAll();
  }
  co_return after;
}

Task<RuntimeConnection::After> RuntimeConnection::TakeAnswer(std::string id, bool ok,
                                                             net::MessageHead& head) {
  RuntimeCalls::CallPtr call = calls_.TryBeginAnswer(id);
  if (!call) {
    co_return co_await Refuse(400, "InvalidRequestId",
                              "no event '" + id + "' waits for an answer here");
  }
  Answering answering(std::move(call));
  auto body = co_await ReadBody(head, kMaxAnswerBytes);
  if (!body) co_return After::kClose;
  Reply reply = TooLarge();
  if (*body) {
    reply.ok = ok;
    reply.error_type = ok ? "" : "UnhandledInvocationError";
    reply.body = *std::move(*body);
  }
  answering.Finish(std::move(reply));
  calls_.changed.NotifyAll();
  if (*body) co_return co_await Send(200, {}, {}, After::kKeep);
  co_return co_await Send(413, {}, TooLarge().body, After::kClose);
}

// Only the first counts, and only before the program asks for an event.
Task<RuntimeConnection::After> RuntimeConnection::TakeStartError(net::MessageHead& head) {
  if (calls_.polled || calls_.start_error) {
    co_return co_await Refuse(400, "InvalidState", "the program has started already");
  }
  auto body = co_await ReadBody(head, kMaxStartErrorBytes);
  if (!body) co_return After::kClose;
  if (!*body) co_return co_await Refuse(413, "TooLarge", "the error is too large");
  if (!calls_.polled && !calls_.start_error) calls_.start_error = *std::move(*body);
  calls_.changed.NotifyAll();
  co_return co_await Send(200, {}, {}, After::kKeep);
}

Task<RuntimeConnection::After> RuntimeConnection::Refuse(int status, std::string type,
                                                         std::string message) {
  const After after = co_await DropBody();
  net::Headers headers;
  headers.Set("Content-Type", "application/json");
  co_return co_await Send(status, std::move(headers), model::FormatErrorJson(message, type), after);
}

Task<RuntimeConnection::After> RuntimeConnection::Send(int status, net::Headers headers,
                                                       std::string_view body, After after) {
  const net::BodyFraming framing{net::BodyFraming::Kind::kLength, body.size()};
  const auto word =
      after == After::kClose ? net::ConnectionWord::kClose : net::ConnectionWord::kNone;
  std::string head = net::FormatResponseHead(status, headers, framing, word,
                                             base::FormatHttpDate(clock_.WallNow()));
  auto written = co_await net::WriteText(*stream_, std::move(head), body, std::nullopt);
  co_return written ? after : After::kClose;
}

Task<Result<std::optional<std::string>>> RuntimeConnection::ReadBody(net::MessageHead& head,
                                                                     std::size_t limit) {
  using Framing = net::MessageHead::Framing;
  std::string body;
  if (head.framing == Framing::kLength) {
    if (head.length > limit) co_return std::nullopt;
    body.reserve(head.length);
  }
  if (AsksToContinue(head) && !reader_.body_ended()) {
    auto told = co_await stream_->Write("HTTP/1.1 100 Continue\r\n\r\n");
    if (!told) co_return Fail(told.error());
  }
  while (!reader_.body_ended()) {
    const std::size_t before = body.size();
    body.resize(before + std::min(kPiece, limit + 1 - before));
    auto got = co_await reader_.ReadBody(std::span(body).subspan(before));
    if (!got) co_return Fail(got.error());
    body.resize(before + *got);
    if (body.size() > limit) co_return std::nullopt;
  }
  co_return body;
}

Task<RuntimeConnection::After> RuntimeConnection::DropBody() {
  std::array<char, 4096> dropped;
  std::size_t total = 0;
  while (!reader_.body_ended()) {
    if (total > kMaxDrop) co_return After::kClose;
    auto got = co_await reader_.ReadBody(dropped);
    if (!got) co_return After::kClose;
    total += *got;
  }
  co_return After::kKeep;
}

}  // namespace ebb::sandbox
