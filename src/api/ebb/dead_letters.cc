#include "api/ebb/dead_letters.h"

#include <charconv>

#include "base/encoding.h"
#include "base/time_format.h"

namespace ebb::api {
namespace {

json::object FormatDeadLetter(const queue::DeadLetter& letter) {
  return {{"id", std::to_string(letter.id)},
          {"requestId", letter.message.request_id},
          {"function", letter.message.function},
          {"trigger", letter.message.trigger},
          {"attempts", letter.attempts},
          {"reason", letter.reason},
          {"enqueued", base::FormatIsoMillis(letter.message.enqueued)},
          {"died", base::FormatIsoMillis(letter.died)},
          {"payloadBytes", letter.payload_bytes}};
}

std::optional<std::int64_t> ParseId(const std::string& text) {
  std::int64_t id = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return id;
}

Result<std::int64_t> IdOf(const Ask& ask) {
  const auto id = ParseId(ask.names[0]);
  if (id) return *id;
  return Fail(Error::NotFound("dead letter '" + ask.names[0] + "' does not exist.")
                  .WithCode("DeadLetterNotFound"));
}

Error Named(const Error& error) {
  if (error.kind() != ErrorKind::kNotFound || !error.code().empty()) return error;
  Error named = error;
  return std::move(named).WithCode("DeadLetterNotFound");
}

}  // namespace

Task<Answer> ListDeadLetters(const Setup& setup, Ask ask) {
  auto limit = QueryLimit(ask);
  if (!limit) co_return Fail(limit.error());
  auto token = ParseToken(ask);
  if (!token) co_return Fail(token.error());
  std::optional<std::int64_t> before;
  if (*token) {
    before = ParseId(**token);
    if (!before) co_return Refuse("nextToken is not one that this server gave out");
  }
  // One more than asked for, to know whether there is another page.
  auto letters = co_await setup.services.queue.ListDead(ask.account, QueryText(ask, "function"),
                                                        *limit + 1, before);
  if (!letters) co_return Fail(letters.error());
  json::object out;
  if (letters->size() > static_cast<std::size_t>(*limit)) {
    letters->pop_back();
    out["nextToken"] = FormatToken(std::to_string(letters->back().id));
  }
  json::array page;
  for (const queue::DeadLetter& letter : *letters) page.push_back(FormatDeadLetter(letter));
  out["deadLetters"] = std::move(page);
  co_return JsonAnswer(out);
}

Task<Answer> GetDeadLetter(const Setup& setup, Ask ask) {
  auto id = IdOf(ask);
  if (!id) co_return Fail(id.error());
  auto letter = co_await setup.services.queue.GetDead(ask.account, *id);
  if (!letter) co_return Fail(Named(letter.error()));
  json::object out = FormatDeadLetter(*letter);
  const std::string& payload = letter->message.payload;
  if (base::IsUtf8(payload)) {
    out["payload"] = payload;
  } else {
    out["payloadBase64"] = base::FormatBase64(payload);
  }
  co_return JsonAnswer(out);
}

Task<Answer> RedriveDeadLetter(const Setup& setup, Ask ask) {
  auto id = IdOf(ask);
  if (!id) co_return Fail(id.error());
  auto redriven = co_await setup.services.queue.Redrive(ask.account, *id);
  if (!redriven) co_return Fail(Named(redriven.error()));
  co_return EmptyAnswer();
}

Task<Answer> DeleteDeadLetter(const Setup& setup, Ask ask) {
  auto id = IdOf(ask);
  if (!id) co_return Fail(id.error());
  auto deleted = co_await setup.services.queue.DeleteDead(ask.account, *id);
  if (!deleted) co_return Fail(Named(deleted.error()));
  co_return EmptyAnswer();
}

}  // namespace ebb::api
