#include "api/ebb/log_lines.h"

#include <charconv>
#include <set>

#include "base/encoding.h"
#include "base/time_format.h"

namespace ebb::api {
namespace {

constexpr int kDefaultLines = 1000;
constexpr int kMaxLines = 10'000;
// Also how soon a client that went away is noticed; below the usual minute of proxies.
constexpr Duration kSignOfLife = std::chrono::seconds(15);

std::string Format(const logs::Line& line) {
  // A function prints what it likes; JSON is UTF-8.
  std::string message = line.message;
  if (!base::IsUtf8(message)) {
    for (char& c : message) {
      if (static_cast<unsigned char>(c) > 0x7f) c = '?';
    }
  }
  return json::serialize(json::object{{"time", base::FormatIsoMillis(line.time)},
                                      {"requestId", line.request_id},
                                      {"instanceId", line.instance_id},
                                      {"version", line.version},
                                      {"message", message}}) +
         "\n";
}

// Lines that are there already, then lines as they come, until the client leaves.
class LineBody : public net::Body {
 public:
  LineBody(std::unique_ptr<logs::LogStore::Follower> follower, const std::vector<logs::Line>& past,
           const Clock& clock)
      : follower_(std::move(follower)), clock_(clock) {
    for (const logs::Line& line : past) {
      ready_ += Format(line);
      past_.insert({line.time, line.request_id, line.message});
    }
  }

  Task<Result<std::size_t>> Read(std::span<char> into) override {
    if (ready_.empty() && follower_) {
      auto lines = co_await follower_->Next(Deadline(clock_.Now() + kSignOfLife));
      // The server is stopping: the end of the answer, which stays whole.
      if (!lines && lines.error().kind() == ErrorKind::kUnavailable) co_return 0;
      if (!lines) co_return Fail(lines.error());
      for (const logs::Line& line : *lines) {
        // The follower was there before the past was read, so it may repeat the past's end.
        if (!past_.contains({line.time, line.request_id, line.message})) ready_ += Format(line);
      }
      if (ready_.empty()) ready_ = "\n";
    }
    const std::size_t count = ready_.copy(into.data(), into.size());
    ready_.erase(0, count);
    co_return count;
  }

  std::optional<std::uint64_t> length() const override { return std::nullopt; }

 private:
  std::unique_ptr<logs::LogStore::Follower> follower_;
  const Clock& clock_;
  std::set<std::tuple<WallTime, std::string, std::string>> past_;
  std::string ready_;
};

Result<int> LineLimit(const Ask& ask) {
  const auto text = QueryText(ask, "limit");
  if (!text) return kDefaultLines;
  int limit = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), limit);
  if (error != std::errc() || end != text->data() + text->size() || limit < 0 ||
      limit > kMaxLines) {
    return Refuse("limit must be a number from 0 to 10000");
  }
  return limit;
}

}  // namespace

Task<Answer> GetLogs(const Setup& setup, Ask ask) {
  auto function = setup.services.catalog.snapshot()->FindFunction(ask.account, ask.names[0]);
  if (!function) co_return Fail(function.error());
  auto since = QueryTime(ask, "since");
  if (!since) co_return Fail(since.error());
  auto limit = LineLimit(ask);
  if (!limit) co_return Fail(limit.error());
  auto follow = QueryFlag(ask, "follow");
  if (!follow) co_return Fail(follow.error());

  logs::LineFilter filter;
  filter.account = ask.account;
  filter.function = ask.names[0];
  filter.request_id = QueryText(ask, "requestId");
  filter.since = *since;
  logs::LogStore& store = setup.services.logs;
  std::unique_ptr<logs::LogStore::Follower> follower;
  if (*follow) follower = store.Follow(filter);
  auto past = co_await store.Read(filter, *limit);
  if (!past) co_return Fail(past.error());

  net::Response response;
  response.headers.Add("Content-Type", "application/x-ndjson");
  response.stream = std::make_unique<LineBody>(std::move(follower), *past, setup.services.clock);
  co_return response;
}

}  // namespace ebb::api
